// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <codec/file_bytes.hpp>
#include <codec/png.hpp>
#include <formats/encode.hpp>
#include <formats/fixtures.hpp>
#include <formats/read_result.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <journal/result_folder.hpp>

#include <da3/error.hpp>

#include <run/render.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::run {
namespace {

namespace fs = std::filesystem;

/// A folder as `da3 infer` leaves it: results of three photos whose depth grows from one to the next.
class RenderTest : public ::testing::Test {
 protected:
  RenderTest() {
    options_.input = folder_.path() / "depth";
    options_.output = folder_.path() / "out";
    journal::RunRecord run;
    run.model_name = "fake";
    run.model_sha256 = std::string(64, 'a');
    journal::ResultFolder results(options_.input, run);
    for (int i = 0; i < 3; ++i) {
      formats::OutputSet set;
      set.depth = {{4, 6}, std::vector<float>(24, static_cast<float>(1 + i))};
      for (std::size_t p = 0; p < 12; ++p) set.depth.values[p] += 0.25F;
      const std::string photo = "photos/" + std::to_string(i) + ".jpg";
      const auto encoded = formats::encode(set, {formats::Format::kNpy, formats::Format::kPng16});
      journal::ImageRecord record;
      record.path = photo;
      record.identity = journal::InputIdentity{10, 20};
      record.input = set.depth.size;
      record.outputs = results.write(photo, "sub/" + std::to_string(i), record.identity, encoded);
      if (i == 0) record.focal = journal::FocalRecord{50, "option"};
      results.record(record);
    }
    results.close();
  }

  /// As `da3 infer --overwrite` with a metric model leaves it when it is killed after `photos`.
  void begin_other_model(const std::vector<int>& photos, const std::string& below = "photos/") const {
    journal::RunRecord run;
    run.model_name = "metric";
    run.model_sha256 = std::string(64, 'b');
    run.model_kind = DepthKind::kMetric;
    run.model_unit = "m";
    journal::ResultFolderOptions again;
    again.overwrite = true;
    journal::ResultFolder results(options_.input, run, again);
    for (const int i : photos) {
      formats::OutputSet set;
      set.depth = {{4, 6}, std::vector<float>(24, 7.0F)};
      journal::ImageRecord record;
      record.path = below + std::to_string(i) + ".jpg";
      record.identity = journal::InputIdentity{10, 20};
      record.outputs = results.write(record.path, "sub/" + std::to_string(i), record.identity,
                                     formats::encode(set, {formats::Format::kNpy}));
      results.record(record);
    }
  }

  std::string png_text(const std::string& name) const {
    const auto bytes = codec::read_file(out(name));
    return {bytes.begin(), bytes.end()};
  }

  fs::path out(const std::string& name) const { return options_.output / name; }

  Summary run() {
    return render(options_, {[this](const ImageEvent& event) { messages_ += event.message; },
                             {},
                             [this](const Note& note) { notes_.push_back(note.text); }});
  }

  testing::TemporaryFolder folder_;
  RenderOptions options_;
  std::string messages_;
  std::vector<std::string> notes_;
};

TEST_F(RenderTest, MakesOtherFormatsOfTheSameValuesAndGoesOn) {
  options_.formats = {"pfm", "vis"};
  EXPECT_EQ(run().done, 3U);
  EXPECT_TRUE(fs::exists(out("sub/2.vis.png")));
  std::ifstream file(out("sub/1.pfm"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::vector<std::uint8_t> raw(bytes.begin(), bytes.end());
  EXPECT_EQ(formats::read_result(raw, formats::Format::kPfm, "1").depth.values.front(), 2.25F);
  const Summary again = run();
  EXPECT_EQ(again.done, 0U);
  EXPECT_EQ(again.skipped, 3U);
  options_.colormap = "turbo";
  EXPECT_THROW(run(), Error) << "other options are not mixed into one folder";
  options_.overwrite = true;
  EXPECT_EQ(run().done, 3U);
}

TEST_F(RenderTest, SaysHowManyDamagedRecordsAreLeftOut) {
  EXPECT_EQ(run().done, 3U);
  EXPECT_TRUE(notes_.empty());
  const fs::path manifest = options_.input / "manifest.jsonl";
  std::ifstream file(manifest, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  file.close();
  ASSERT_EQ(lines.size(), 4U);
  lines[1].resize(lines[1].size() / 2);
  lines[2].front() = '#';
  std::ofstream changed(manifest, std::ios::binary);
  for (const std::string& line : lines) changed << line << '\n';
  changed << lines[3].substr(0, 20);  // As a run that is killed leaves it
  changed.close();
  options_.overwrite = true;
  EXPECT_EQ(run().done, 1U);
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_THAT(notes_.front(), ::testing::HasSubstr("2 damaged records of its manifest left out"));
}

TEST_F(RenderTest, ResultsOfTheModelBeforeAreLeftOutOnceAnotherHasResults) {
  begin_other_model({0});
  options_.formats = {"png16"};
  const Summary summary = run();
  EXPECT_EQ(summary.done, 1U);
  EXPECT_THAT(png_text("sub/0.png"), ::testing::HasSubstr("metric"));
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_THAT(notes_.front(), ::testing::HasSubstr("2 results left out that another model made"));
}

TEST_F(RenderTest, OfShardsTheModelOfTheOneThatRanLastCounts) {
  fs::rename(options_.input / "manifest.jsonl", options_.input / "manifest.2-of-2.jsonl");
  begin_other_model({3});
  fs::rename(options_.input / "manifest.jsonl", options_.input / "manifest.1-of-2.jsonl");
  const auto now = fs::last_write_time(options_.input / "manifest.1-of-2.jsonl");
  fs::last_write_time(options_.input / "manifest.2-of-2.jsonl", now + std::chrono::hours(1));
  EXPECT_EQ(run().done, 1U) << "a run that had nothing to do wrote to its manifest later";
  EXPECT_TRUE(fs::exists(out("sub/3.vis.png")));
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_THAT(notes_.front(), ::testing::HasSubstr("3 results left out that another model made"));

  // An earlier version did not say when a run began.
  for (const char* const name : {"manifest.1-of-2.jsonl", "manifest.2-of-2.jsonl"}) {
    const std::string text = formats::read_text(options_.input / name);
    std::ofstream(options_.input / name) << std::regex_replace(text, std::regex(",\"began_ms\":[0-9]+"), "");
  }
  fs::last_write_time(options_.input / "manifest.2-of-2.jsonl", now + std::chrono::hours(1));
  options_.overwrite = true;
  EXPECT_EQ(run().done, 3U);
}

TEST_F(RenderTest, OfTheTextsOfOnePathTheLastOneCounts) {
  begin_other_model({0, 1}, "./photos/");
  begin_other_model({0, 2});
  EXPECT_EQ(run().done, 3U);
  EXPECT_EQ(messages_, "");
  EXPECT_TRUE(notes_.empty());
}

TEST_F(RenderTest, ARenderOfAnOlderFolderIsTheLaterRun) {
  const fs::path older = folder_.path() / "older";
  const fs::path newer = folder_.path() / "newer";
  fs::copy(options_.input, older, fs::copy_options::recursive);
  begin_other_model({0, 1, 2});
  options_.formats = {"pfm"};
  ASSERT_EQ(run().done, 3U);
  const std::string of_newer = png_text("sub/0.pfm");

  fs::rename(options_.input, newer);
  fs::rename(older, options_.input);
  options_.overwrite = true;
  ASSERT_EQ(run().done, 3U);
  const std::string of_older = png_text("sub/0.pfm");
  ASSERT_NE(of_older, of_newer);
  options_.overwrite = false;
  EXPECT_EQ(run().skipped, 3U);

  fs::rename(options_.input, older);
  fs::rename(newer, options_.input);
  EXPECT_THROW(run(), Error) << "made otherwise: of another model";
  EXPECT_EQ(png_text("sub/0.pfm"), of_older);
}

TEST_F(RenderTest, ARunThatEndedBeforeItsFirstResultChangesNothing) {
  begin_other_model({});
  options_.formats = {"png16"};
  EXPECT_EQ(run().done, 3U);
  EXPECT_THAT(png_text("sub/0.png"), ::testing::AllOf(::testing::HasSubstr("relative"),
                                                      ::testing::Not(::testing::HasSubstr("metric"))));
  EXPECT_TRUE(notes_.empty());
}

TEST_F(RenderTest, AResultWhosePhotoFailedSinceIsLeftOut) {
  journal::RunRecord same;
  same.model_name = "fake";
  same.model_sha256 = std::string(64, 'a');
  {
    journal::ResultFolder results(options_.input, same);
    results.record(journal::failed_record("photos/1.jpg", Error(ErrorCode::kImageTruncated, "cut short")));
    results.record(journal::failed_record("photos/9.jpg", Error(ErrorCode::kImageTruncated, "never done")));
  }
  EXPECT_EQ(run().done, 2U);
  EXPECT_FALSE(fs::exists(out("sub/1.vis.png")));
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_THAT(notes_.front(), ::testing::HasSubstr("1 result left out whose photos failed since"));
}

TEST_F(RenderTest, RecordsBehindADamagedHeaderAreNotTakenForThoseOfTheHeaderBefore) {
  begin_other_model({3});
  std::string text;
  {
    std::ifstream file(options_.input / "manifest.jsonl", std::ios::binary);
    text = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  const std::size_t header = text.rfind(R"({"type":"run")");
  text.replace(text.find(R"("schema":1)", header), 10, R"("schema":x)");
  std::ofstream(options_.input / "manifest.jsonl", std::ios::binary) << text;
  EXPECT_EQ(run().done, 3U);
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_THAT(notes_.front(), ::testing::HasSubstr("2 damaged records"));
}

TEST_F(RenderTest, AManifestThatCannotBeOpenedIsNotAnEmptyOne) {
  // A link to itself opens for nobody.
  fs::create_symlink("manifest.2-of-2.jsonl", options_.input / "manifest.2-of-2.jsonl");
  try {
    run();
    FAIL() << "rendered what the other manifest names";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutputFailed);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("manifest.2-of-2.jsonl: cannot be read: Too many"));
  }
}

TEST_F(RenderTest, OneRangeForTheSetMakesFarPhotosDarker) {
  options_.formats = {"grey16"};
  options_.range_of_set = true;
  ASSERT_EQ(run().done, 3U);
  const auto first_grey = [&](int i) {
    const fs::path file = out("sub/" + std::to_string(i) + ".grey.png");
    return codec::decode_grey16_png({codec::read_file(file), file.string(), 1000}).values.back();
  };
  // 1 m is the near end of all, as exactly as the histogram's bins of 0.7 %.
  EXPECT_NEAR(first_grey(0), 65535, 0.01 * 65535);
  EXPECT_LT(first_grey(2), first_grey(1));
  EXPECT_LT(first_grey(1), first_grey(0));
  // The manifest names the range in force: 2 % to 98 % of 1 to 3.25 metres.
  std::ifstream manifest(out("manifest.jsonl"));
  std::string header;
  std::getline(manifest, header);
  const std::size_t at = header.find("\"range\":\"") + 9;
  EXPECT_NEAR(std::stod(header.substr(at)), 1.0, 0.02);
  EXPECT_NEAR(std::stod(header.substr(header.find(',', at) + 1)), 3.25, 0.05);
}

TEST_F(RenderTest, TheRangeOfTheSetFollowsItsResults) {
  options_.formats = {"grey16", "pfm"};
  options_.range_of_set = true;
  ASSERT_EQ(run().done, 3U);
  const std::string whole = png_text("sub/0.grey.png");
  const fs::path file = options_.input / "sub/2.npy";
  const std::vector<std::uint8_t> bytes = codec::read_file(file);
  fs::resize_file(file, 40);
  const Summary without = run();
  EXPECT_EQ(without.failed, 1U);
  EXPECT_EQ(without.done, 2U) << "drawn again";
  EXPECT_NE(png_text("sub/0.grey.png"), whole);
  EXPECT_EQ(run().skipped, 2U);
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  EXPECT_EQ(run().done, 3U) << messages_;
  EXPECT_EQ(png_text("sub/0.grey.png"), whole);
  EXPECT_EQ(run().skipped, 3U);
  // Numbers that the user chose are another choice.
  options_.range_of_set = false;
  options_.vis_range = {1.0F, 2.0F};
  EXPECT_THROW(run(), Error);
  options_.overwrite = true;
  EXPECT_EQ(run().done, 3U);
  options_.overwrite = false;
  options_.range_of_set = true;
  options_.vis_range.reset();
  EXPECT_THROW(run(), Error);
}

TEST_F(RenderTest, ShardsHaveRangesOfTheirOwnInOneFolder) {
  options_.range_of_set = true;
  for (const std::size_t done : {std::size_t{3}, std::size_t{0}}) {
    std::size_t all = 0;
    for (const int index : {1, 2}) {
      options_.shard = Shard{index, 2};
      all += run().done;
    }
    EXPECT_EQ(all, done);
  }
}

TEST_F(RenderTest, AMissingFileOrCameraFailsAlone) {
  fs::remove(options_.input / "sub/1.npy");
  options_.formats = {"ply"};
  const Summary summary = run();
  EXPECT_EQ(summary.failed, 3U) << "the photo of 0 is not there, 1 has no file, 2 no focal length";
  EXPECT_THAT(messages_, ::testing::HasSubstr("focal"));
  options_.formats = {"vis"};
  options_.overwrite = true;
  EXPECT_EQ(run().done, 2U);
}

TEST_F(RenderTest, ShardsAndLimitsTakeParts) {
  std::size_t done = 0;
  for (int i = 1; i <= 2; ++i) {
    options_.shard = Shard{i, 2};
    done += run().done;
  }
  EXPECT_EQ(done, 3U);
}

TEST_F(RenderTest, RefusesTheFolderItselfAndFoldersWithoutResults) {
  options_.output = options_.input;
  EXPECT_THROW(run(), Error);
  options_.output = folder_.path() / "out";
  options_.input = folder_.path() / "nothing";
  try {
    run();
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNoInput);
  }
}

}  // namespace
}  // namespace da3::run
