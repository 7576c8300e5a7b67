// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/fixtures.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <journal/records.hpp>
#include <nlohmann/json.hpp>

namespace da3::journal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RunRecord example_run() {
  RunRecord run;
  run.tool_version = "0.1.0";
  run.tool_commit = "abc";
  run.model_name = "da3-base";
  run.model_sha256 = std::string(64, 'a');
  run.device = "cpu";
  run.precision = "fp32";
  run.attention = "sdpa";
  run.options = {{"format", "png16,vis"}, {"process-res", "504"}};
  return run;
}

ImageRecord example_image() {
  ImageRecord record;
  record.path = "in/a.jpg";
  record.identity = InputIdentity{12345, 1700000000123456789};
  record.input = Size{427, 640};
  record.processed = Size{336, 504};
  record.batch = 2;
  record.outputs = {{formats::Format::kPng16, "a.png"},
                    {formats::Format::kNpz, "a.npz"},
                    {formats::Format::kVis, "a.vis.png"}};
  record.png16 = formats::Png16Scale{0.0001, 0.31, std::nullopt};
  record.depth = formats::DepthSummary{formats::DepthStatistics{0.3, 0.4, 1.0, 4.0, 5.1}, 1.0};
  record.ms = {{"decode", 4.1}, {"preprocess", 2.2}, {"forward", 310.0}, {"resize", 0.9}, {"write", 12.0}};
  return record;
}

// The examples of docs/cli.md; size and time of the input are added to them.
TEST(Records, AreTheLinesOfTheDocumentation) {
  RunRecord run = example_run();
  run.options.clear();
  EXPECT_EQ(
      to_json(run),
      R"({"type":"run","schema":1,"tool":{"version":"0.1.0","commit":"abc"},"model":{"name":"da3-base","sha256":")" +
          std::string(64, 'a') +
          R"(","kind":"relative","unit":null},"device":"cpu","precision":"fp32","attention":"sdpa","options":{}})");
  EXPECT_EQ(
      to_json(example_image()),
      R"({"type":"image","path":"in/a.jpg","status":"done","error":null,)"
      R"("input":{"height":427,"width":640,"bytes":12345,"mtime_ns":1700000000123456789},)"
      R"("processed":{"height":336,"width":504},"batch":2,)"
      R"("outputs":{"png16":"a.png","npz":"a.npz","vis":"a.vis.png"},"png16":{"scale":0.0001,"offset":0.31},)"
      R"("depth":{"unit":null,"min":0.3,"p2":0.4,"median":1.0,"p98":4.0,"max":5.1,"finite":1.0},)"
      R"("ms":{"decode":4.1,"preprocess":2.2,"forward":310.0,"resize":0.9,"write":12.0}})");
  const Error truncated(ErrorCode::kImageTruncated, "in/b.jpg: JPEG data end early");
  EXPECT_EQ(to_json(failed_record("in/b.jpg", truncated)),
            R"({"type":"image","path":"in/b.jpg","status":"failed",)"
            R"("error":{"code":"image.truncated","message":"in/b.jpg: JPEG data end early"},"outputs":{}})");
}

TEST(Records, ComeBackAsTheyWere) {
  ImageRecord record = example_image();
  record.png16->clipped = 7;
  record.depth_unit = "m";
  record.focal = FocalRecord{812.5, "exif.35mm"};
  record.camera = image::Intrinsics{400, 520, 250.5, 230.25};
  record.warnings = {"focal length from EXIF"};
  const std::string line = to_json(record);
  const ImageRecord read = image_from_json(line);
  EXPECT_EQ(to_json(read), line);
  EXPECT_EQ(read.path, record.path);
  EXPECT_EQ(read.identity, record.identity);
  EXPECT_EQ(read.outputs, record.outputs);
  EXPECT_EQ(read.png16, record.png16);
  EXPECT_EQ(read.focal->source, "exif.35mm");
  EXPECT_EQ(read.camera, record.camera);
  EXPECT_EQ(read.depth->values, record.depth->values);
  RunRecord run = example_run();
  run.pid = 42;
  run.host = "here";
  EXPECT_EQ(to_json(run_from_json(to_json(run))), to_json(run));
}

TEST(Records, NumbersThatAreNotFiniteAreNull) {
  ImageRecord record = example_image();
  record.depth = formats::DepthSummary{std::nullopt, 0.0};
  record.png16 = formats::Png16Scale{formats::kNan, formats::kInfinity, std::nullopt};
  record.ms = {{"forward", formats::kNan}};
  const std::string line = to_json(record);
  EXPECT_THAT(line, HasSubstr(R"("scale":null,"offset":null)"));
  EXPECT_THAT(line, HasSubstr(R"("median":null)"));
  EXPECT_THAT(line, HasSubstr(R"("ms":{"forward":null})"));
  EXPECT_TRUE(nlohmann::json::accept(line));
  EXPECT_FALSE(image_from_json(line).depth->values);
}

TEST(Records, PathsThatAreNotUtf8AreReplacedAndKeptExactlyBeside) {
  ImageRecord record = example_image();
  record.path = "in/caf\xE9\n.jpg";
  record.outputs = {{formats::Format::kPng16, "caf\xE9\n.png"}, {formats::Format::kVis, "plain.vis.png"}};
  const std::string line = to_json(record);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json.at("path"), "in/caf\xEF\xBF\xBD\n.jpg");
  EXPECT_EQ(json.at("path_base64"), "aW4vY2Fm6QouanBn");
  const ImageRecord read = image_from_json(line);
  EXPECT_EQ(read.path, record.path);
  EXPECT_EQ(read.outputs, record.outputs);
}

TEST(Records, OtherLinesAreErrors) {
  for (const char* line : {"", "{}", "[]", "nonsense", R"({"type":"run"})", R"({"type":"image","path":"a"})",
                           R"({"type":"image","path":"a","status":"maybe","outputs":{}})"}) {
    EXPECT_THROW(image_from_json(line), Error) << line;
    EXPECT_THROW(run_from_json(line), Error) << line;
  }
}

TEST(RunComparison, NamesEveryDifferenceThatDecidesResults) {
  const RunRecord before = example_run();
  RunRecord now = before;
  now.device = "cuda:0";
  now.attention = "manual";
  now.tool_version = "0.2.0";
  EXPECT_THAT(differences(before, now), IsEmpty());
  EXPECT_EQ(results_digest(before), results_digest(now));
  now.options["process-res"] = "756";
  now.options["size"] = "model";
  now.precision = "bf16";
  EXPECT_THAT(differences(before, now),
              ElementsAre("--precision was fp32, is bf16", "--process-res was 504, is 756",
                          "--size was not set, is model"));
  EXPECT_NE(results_digest(before), results_digest(now));
}

TEST(RunComparison, ARangeOfTheSetIsNoChoiceOfNumbers) {
  RunRecord before = example_run();
  before.options["range"] = "1,2";
  before.range_of_set = true;
  before = run_from_json(to_json(before));
  ASSERT_TRUE(before.range_of_set);
  RunRecord now = before;
  now.options["range"] = "1,3";
  EXPECT_THAT(differences(before, now), IsEmpty());
  EXPECT_NE(results_digest(before), results_digest(now)) << "what was drawn is drawn again";
  now.range_of_set = false;
  EXPECT_THAT(differences(before, now), ElementsAre("--range was 1,2, is 1,3"));
}

TEST(RunComparison, AnotherModelIsNamedWithItsHash) {
  const RunRecord before = example_run();
  RunRecord now = before;
  now.model_name = "da3-small";
  now.model_sha256 = std::string(64, 'b');
  EXPECT_THAT(
      differences(before, now),
      ElementsAre("the model was da3-base (sha256 aaaaaaaaaaaa), is da3-small (sha256 bbbbbbbbbbbb)"));
  EXPECT_NE(results_digest(before), results_digest(now));
}

TEST(RunComparison, ADescriptionMaySayAnotherDepthOfTheSameModel) {
  const RunRecord before = example_run();
  RunRecord now = before;
  now.model_kind = DepthKind::kMetric;
  now.model_unit = "m";
  EXPECT_THAT(differences(before, now), ElementsAre("the model's depth was relative, is metric in m"));
  EXPECT_NE(results_digest(before), results_digest(now));
}

TEST(RunComparison, DigestTellsOptionsApartThatJoinToTheSameText) {
  RunRecord one = example_run();
  RunRecord two = one;
  one.options = {{"a", "bc"}};
  two.options = {{"ab", "c"}};
  EXPECT_NE(results_digest(one), results_digest(two));
}

TEST(Records, ARunsTimeThatCannotBeIsRefused) {
  RunRecord run;
  run.began_ms = 5;
  const std::string line = to_json(run);
  const auto with = [&](const std::string& time) {
    std::string changed = line;
    const std::string before = "\"began_ms\":5";
    return changed.replace(changed.find(before), before.size(), "\"began_ms\":" + time);
  };
  EXPECT_EQ(run_from_json(with("1700000000000")).began_ms, 1'700'000'000'000);
  for (const char* time : {"9223372036854775807", "9223372036854775806", "-1", "92233720368547758070"})
    EXPECT_THROW(run_from_json(with(time)), Error) << time;
}

}  // namespace
}  // namespace da3::journal
