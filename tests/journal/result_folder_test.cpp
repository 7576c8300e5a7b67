// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/fixtures.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <journal/result_folder.hpp>
#include <sys/stat.h>

#include <da3/error.hpp>

#include <testing/child_process.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::journal {
namespace {

using da3::testing::ChildProcess;
using da3::testing::TemporaryFolder;
using ::testing::HasSubstr;

constexpr InputIdentity kInput{1000, 5};

RunRecord example_run(const std::string& process_res = "504") {
  RunRecord run;
  run.model_name = "m";
  run.model_sha256 = "1234";
  run.precision = "fp32";
  run.options = {{"process-res", process_res}};
  return run;
}

formats::EncodedSet files(const std::string& contents) {
  formats::EncodedSet set;
  set.files = {{formats::Format::kPng16, formats::bytes_of(contents)},
               {formats::Format::kVis, formats::bytes_of(contents + " vis")}};
  return set;
}

ResultFolderOptions with_overwrite(bool overwrite) {
  ResultFolderOptions options;
  options.overwrite = overwrite;
  return options;
}

/// Writes and records one image as a pipeline does.
void finish(ResultFolder& folder, const std::string& path, const std::string& stem,
            const std::string& contents = "x") {
  ImageRecord record;
  record.path = path;
  record.identity = kInput;
  record.outputs = folder.write(path, stem, kInput, files(contents));
  folder.record(record);
}

template <typename Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return {ErrorCode::kInternal, "nothing was thrown"};
}

TEST(ResultFolder, WhatALaterRunOfOtherShardsMadeIsNotTakenForItsOwn) {
  const TemporaryFolder folder;
  {
    ResultFolder whole(folder.path(), example_run("56"));
    finish(whole, "a.jpg", "a", "56");
    finish(whole, "b.jpg", "b", "56");
  }
  {
    ResultFolder shard(folder.path(), example_run("112"), {.shard = Shard{1, 2}, .overwrite = true});
    finish(shard, "a.jpg", "a", "112");
  }
  for (int time = 0; time < 2; ++time) {
    const Error error = error_of([&] { ResultFolder(folder.path(), example_run("56")); });
    EXPECT_EQ(error.code(), ErrorCode::kUsage) << "a refused run is no later one";
    EXPECT_THAT(error.what(), HasSubstr("process-res"));
  }
  {
    const ResultFolder again(folder.path(), example_run("112"));
    EXPECT_TRUE(again.finished("a.jpg", "a", kInput));
    EXPECT_FALSE(again.finished("b.jpg", "b", kInput));
  }
  const ResultFolder again(folder.path(), example_run("112"));
  EXPECT_TRUE(again.finished("a.jpg", "a", kInput)) << "a run that only looked has no results of its own";
  EXPECT_FALSE(again.finished("b.jpg", "b", kInput));
}

TEST(ResultFolder, WhatAnotherTextOfThePathMadeSinceIsNotTakenForItsOwn) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run("56"));
    finish(results, "in/a.jpg", "a", "56");
    finish(results, "in/b.jpg", "b", "56");
  }
  {
    ResultFolder results(folder.path(), example_run("112"), with_overwrite(true));
    finish(results, "./in/a.jpg", "a", "112");
    finish(results, "./in/b.jpg", "b", "112");
  }
  {
    ResultFolder cut_off(folder.path(), example_run("56"), with_overwrite(true));
    finish(cut_off, "in/b.jpg", "b", "56");
  }
  ResultFolder again(folder.path(), example_run("56"));
  EXPECT_TRUE(again.finished("in/b.jpg", "b", kInput));
  EXPECT_TRUE(again.finished("./in/b.jpg", "b", kInput));
  EXPECT_FALSE(again.finished("in/a.jpg", "a", kInput)) << "its files are those of 112";
  EXPECT_FALSE(again.finished("./in/a.jpg", "a", kInput));
}

TEST(ResultFolder, WhatAnEarlierVersionMadeSinceIsNotTakenForItsOwn) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run("112"));
    finish(results, "a.jpg", "a", "112");
  }
  std::string text = formats::read_text(folder.path() / "manifest.jsonl");
  const std::string record = text.substr(text.find('\n') + 1);
  folder.write("manifest.jsonl", text + to_json(example_run("140")) + "\n" + record);
  const Error error = error_of([&] { ResultFolder(folder.path(), example_run("112")); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("--process-res was 140, is 112"));
  EXPECT_TRUE(ResultFolder(folder.path(), example_run("140")).finished("a.jpg", "a", kInput));
}

TEST(ResultFolder, DrawsNothingAnewThatIsNotItsOwn) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    finish(results, "in/a.jpg", "a");
  }
  folder.write("c.vis.png", "of somebody else");
  ResultFolder results(folder.path(), example_run());
  finish(results, "in/b.jpg", "b");
  const formats::EncodedFile drawn{formats::Format::kVis, formats::bytes_of("drawn")};
  results.replace("a", drawn);
  results.replace("b", drawn);
  EXPECT_EQ(formats::read_text(folder.path() / "a.vis.png"), "drawn");
  EXPECT_EQ(formats::read_text(folder.path() / "b.vis.png"), "drawn");
  EXPECT_EQ(error_of([&] { results.replace("c", drawn); }).code(), ErrorCode::kOutputExists);
  EXPECT_EQ(formats::read_text(folder.path() / "c.vis.png"), "of somebody else");
}

TEST(ResultFolder, AnInputKeepsItsNameWhateverTheTextOfItsPath) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    finish(results, "in/a.jpg", "sub/a");
    finish(results, "./in/a.jpg", "sub/a");
  }
  const ResultFolder again(folder.path(), example_run());
  EXPECT_EQ(again.known_stem("in/a.jpg", kInput), "sub/a");
  EXPECT_FALSE(again.known_stem("in/a.jpg", InputIdentity{1001, 5})) << "the name is another file's now";
}

TEST(ResultFolder, AResultOfAnotherStemIsNeitherReplacedNorRemoved) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    finish(results, "a.vis.jpg", "a.vis", "depth");
  }
  ResultFolder results(folder.path(), example_run(), with_overwrite(true));
  EXPECT_EQ(error_of([&] { finish(results, "a.jpg", "a"); }).code(), ErrorCode::kOutputExists);
  formats::EncodedSet depth;
  depth.files = {{formats::Format::kPng16, formats::bytes_of("other")}};
  results.write("a.jpg", "a", kInput, depth);
  EXPECT_EQ(formats::read_text(folder.path() / "a.vis.png"), "depth") << "not removed as a picture of a";
}

TEST(ResultFolder, KnowsFinishedInputsWhenCalledAgain) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    EXPECT_FALSE(results.finished("in/a.jpg", "a", kInput));
    finish(results, "in/a.jpg", "sub/a");
  }
  EXPECT_EQ(formats::read_text(folder.path() / "sub" / "a.png"), "x");
  EXPECT_EQ(formats::read_text(folder.path() / "sub" / "a.vis.png"), "x vis");
  const ResultFolder again(folder.path(), example_run());
  const auto record = again.finished("in/a.jpg", "a", kInput);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->status, ImageStatus::kSkipped);
  EXPECT_EQ(record->outputs.at(1).second, "sub/a.vis.png");
  EXPECT_EQ(again.known_stem("in/a.jpg", kInput), "sub/a");
}

TEST(ResultFolder, OfAnotherCommandIsRefusedAndStaysAsItWas) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    finish(results, "in/a.jpg", "a");
  }
  RunRecord rendering = example_run();
  rendering.options["command"] = "render";
  ResultFolderOptions overwrite;
  overwrite.overwrite = true;
  const Error refused = error_of([&] { ResultFolder(folder.path(), rendering, overwrite); });
  EXPECT_EQ(refused.code(), ErrorCode::kUsage) << refused.what();
  EXPECT_TRUE(ResultFolder(folder.path(), example_run()).finished("in/a.jpg", "a", kInput));
}

TEST(ResultFolder, AChangedInputIsDoneAgainOverItsOwnFiles) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    finish(results, "in/a.jpg", "a");
  }
  ResultFolder again(folder.path(), example_run());
  EXPECT_FALSE(again.finished("in/a.jpg", "a", InputIdentity{1001, 5}));
  EXPECT_FALSE(again.finished("in/a.jpg", "a", InputIdentity{1000, 6}));
  finish(again, "in/a.jpg", "a", "new");
  EXPECT_EQ(formats::read_text(folder.path() / "a.png"), "new");
}

TEST(ResultFolder, AResultThatIsGoneOrEmptyIsDoneAgain) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    finish(results, "in/a.jpg", "a");
    finish(results, "in/b.jpg", "b");
  }
  std::filesystem::remove(folder.path() / "a.vis.png");
  std::filesystem::resize_file(folder.path() / "b.png", 0);
  const ResultFolder again(folder.path(), example_run());
  EXPECT_FALSE(again.finished("in/a.jpg", "a", kInput));
  EXPECT_FALSE(again.finished("in/b.jpg", "b", kInput));
}

TEST(ResultFolder, WritesAnInputThatComesAgainAnew) {
  const TemporaryFolder folder;
  ResultFolder results(folder.path(), example_run());
  finish(results, "in/a.jpg", "a", "first");
  finish(results, "./in/a.jpg", "a", "second");
  EXPECT_EQ(formats::read_text(folder.path() / "a.png"), "second");
  EXPECT_EQ(error_of([&] { finish(results, "other/a.jpg", "a", "third"); }).code(),
            ErrorCode::kOutputCollision);
  EXPECT_EQ(formats::read_text(folder.path() / "a.png"), "second");
}

TEST(ResultFolder, NamesThatDifferInCaseCollideWhereTheDiskFoldsIt) {
  for (const bool folds : {false, true}) {
    const TemporaryFolder folder;
    ResultFolderOptions options;
    options.folds_case = folds;
    ResultFolder results(folder.path(), example_run(), options);
    finish(results, "in/IMG.jpg", "IMG");
    const Error error = error_of([&] { finish(results, "in/img.jpg", "img"); });
    EXPECT_EQ(error.code() == ErrorCode::kOutputCollision, folds) << error.what();
  }
}

TEST(ResultFolder, MakesOneFileAfterAnotherOnceAllCanBeWritten) {
  const TemporaryFolder folder;
  folder.write("a.vis.png", "of somebody else");
  ResultFolder results(folder.path(), example_run());
  int made = 0;
  const auto contents = [&](formats::Format) {
    ++made;
    return formats::bytes_of("x");
  };
  const std::vector<formats::Format> wanted{formats::Format::kPng16, formats::Format::kVis};
  EXPECT_EQ(error_of([&] { results.write("in/a.jpg", "a", kInput, wanted, contents); }).code(),
            ErrorCode::kOutputExists);
  EXPECT_EQ(made, 0);
  EXPECT_EQ(results.write("in/b.jpg", "b", kInput, wanted, contents).size(), 2U);
  EXPECT_EQ(made, 2);
}

TEST(ResultFolder, OverwritingWithOtherFormatsRemovesTheOldOnes) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    finish(results, "in/a.jpg", "a");
    finish(results, "in/b.jpg", "b");
  }
  folder.write("a.exr", "of somebody else");
  ResultFolder again(folder.path(), example_run("756"), with_overwrite(true));
  formats::EncodedSet set;
  set.files = {{formats::Format::kNpy, formats::bytes_of("npy")}};
  again.write("in/a.jpg", "a", kInput, set);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a.png"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a.vis.png"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "a.exr"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "b.png")) << "not done again yet";
}

/// A record of `path` with a 16-bit PNG called `result`.
std::string record_with_result(const std::string& path, const std::string& result) {
  return R"({"type":"image","path":")" + path + R"(","status":"failed","error":{"code":"x","message":"y"},)" +
         R"("outputs":{"png16":")" + result + "\"}}\n";
}

TEST(ForeignManifest, NamesNoResultOutsideOfTheFolder) {
  const TemporaryFolder folder;
  const std::filesystem::path out = folder.path() / "out";
  folder.write("victim/precious.png", "precious");
  for (const std::string& result :
       {std::string("../victim/precious.png"), (folder.path() / "victim/precious.png").string(),
        std::string("sub/../../victim/precious.png"), std::string("./precious.png"),
        std::string("x//precious.png")}) {
    folder.write("out/manifest.jsonl",
                 to_json(example_run()) + "\n" + record_with_result("in/a.jpg", result));
    ResultFolder results(out, example_run());
    EXPECT_FALSE(results.known_stem("in/a.jpg", kInput)) << result;
    EXPECT_FALSE(results.manifest().owns(result)) << result;
    finish(results, "in/a.jpg", "a");
    EXPECT_EQ(formats::read_text(folder.path() / "victim/precious.png"), "precious") << result;
    std::filesystem::remove_all(out);
  }
}

TEST(ForeignManifest, ReplacesNothingBehindALink) {
  const TemporaryFolder folder;
  folder.write("victim/a.png", "precious");
  folder.write("out/manifest.jsonl",
               to_json(example_run()) + "\n" + record_with_result("in/a.jpg", "sub/a.png"));
  std::filesystem::create_directory_symlink(folder.path() / "victim", folder.path() / "out/sub");
  ResultFolder results(folder.path() / "out", example_run());
  EXPECT_EQ(error_of([&] { finish(results, "in/a.jpg", "sub/a"); }).code(), ErrorCode::kOutputExists);
  EXPECT_EQ(formats::read_text(folder.path() / "victim/a.png"), "precious");
}

TEST(ForeignManifest, ThatIsALinkOrAFifoIsRefusedWithoutWaiting) {
  const TemporaryFolder folder;
  folder.write("victim.jsonl", to_json(example_run()) + "\n");
  std::filesystem::create_directory(folder.path() / "out");
  std::filesystem::create_symlink(folder.path() / "victim.jsonl", folder.path() / "out/manifest.jsonl");
  EXPECT_EQ(error_of([&] { const ResultFolder results(folder.path() / "out", example_run()); }).code(),
            ErrorCode::kOutputExists);
  EXPECT_EQ(formats::read_text(folder.path() / "victim.jsonl"), to_json(example_run()) + "\n");
  std::filesystem::create_directory(folder.path() / "out2");
  ASSERT_EQ(mkfifo((folder.path() / "out2/manifest.1-of-2.jsonl").c_str(), 0600), 0);
  EXPECT_EQ(error_of([&] { const ResultFolder results(folder.path() / "out2", example_run()); }).code(),
            ErrorCode::kOutputExists);
}

TEST(ForeignManifest, ClaimsNothingOutsideOfTheFolder) {
  const TemporaryFolder folder;
  folder.write("out/manifest.jsonl", to_json(example_run()) + "\n");
  folder.write("out/.da3-claims.tmp", std::string("../precious.png\0b.png\0", 22));
  const Manifest manifest(folder.path() / "out");
  EXPECT_FALSE(manifest.owns("../precious.png"));
  EXPECT_TRUE(manifest.owns("b.png"));
}

TEST(ResultFolder, OtherOptionsAreAUsageErrorWithTheTwoWaysOut) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run("504"));
    finish(results, "in/a.jpg", "a");
  }
  const Error error = error_of([&] { const ResultFolder other(folder.path(), example_run("756")); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("--process-res was 504, is 756"));
  EXPECT_THAT(error.what(), HasSubstr("--overwrite"));
  EXPECT_THAT(error.what(), HasSubstr("--output"));
}

TEST(ResultFolder, OtherOptionsAreFineWhereNothingWasDone) {
  const TemporaryFolder folder;
  {
    const ResultFolder results(folder.path(), example_run("504"));
  }
  EXPECT_NO_THROW(ResultFolder(folder.path(), example_run("756")));
}

TEST(ResultFolder, AnOverwriteThatWasCutOffGoesOnWithTheNewOptions) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run("504"));
    finish(results, "in/a.jpg", "a");
    finish(results, "in/b.jpg", "b");
  }
  {
    ResultFolder overwriting(folder.path(), example_run("756"), with_overwrite(true));
    EXPECT_FALSE(overwriting.finished("in/a.jpg", "a", kInput));
    finish(overwriting, "in/a.jpg", "a", "756");
  }
  const ResultFolder again(folder.path(), example_run("756"));
  EXPECT_TRUE(again.finished("in/a.jpg", "a", kInput));
  EXPECT_FALSE(again.finished("in/b.jpg", "b", kInput)) << "b was made with the old options";
}

TEST(ResultFolder, AForeignFileIsNeverReplacedNotEvenByOverwrite) {
  for (const bool overwrite : {false, true}) {
    const TemporaryFolder folder;
    folder.write("a.vis.png", "foreign");
    ResultFolder results(folder.path(), example_run(), with_overwrite(overwrite));
    const Error error = error_of([&] { results.write("in/a.jpg", "a", kInput, files("x")); });
    EXPECT_EQ(error.code(), ErrorCode::kOutputExists);
    EXPECT_EQ(formats::read_text(folder.path() / "a.vis.png"), "foreign");
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "a.png")) << "nothing is written beside it";
  }
}

TEST(ResultFolder, AForeignFileBesideOurOwnOfAnotherFormatIsKept) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    finish(results, "in/a.jpg", "a");
  }
  folder.write("a.exr", "foreign");
  ResultFolder results(folder.path(), example_run());
  formats::EncodedSet exr;
  exr.files = {{formats::Format::kExr, formats::bytes_of("ours")}};
  EXPECT_EQ(error_of([&] { results.write("in/a.jpg", "a", kInput, exr); }).code(), ErrorCode::kOutputExists);
  EXPECT_EQ(formats::read_text(folder.path() / "a.exr"), "foreign");
}

TEST(ResultFolder, TwoInputsOfOneNameAreACollision) {
  const TemporaryFolder folder;
  ResultFolder results(folder.path(), example_run());
  finish(results, "in/a.jpg", "a", "first");
  EXPECT_EQ(error_of([&] { results.write("other/a.jpg", "a", kInput, files("second")); }).code(),
            ErrorCode::kOutputCollision);
  EXPECT_EQ(formats::read_text(folder.path() / "a.png"), "first");
}

TEST(ResultFolder, FilesOfAKilledRunThatHaveNoRecordAreReplaced) {
  const TemporaryFolder folder;
  ChildProcess killed([&] {
    static ResultFolder results(folder.path(), example_run());
    results.write("in/a.jpg", "a", kInput, files("of the killed run"));
    return std::string("written");
  });
  ASSERT_EQ(killed.text(), "written");
  killed.kill();
  folder.write(".da3-4194304999-0.tmp", "half");
  {
    ResultFolder results(folder.path(), example_run());
    EXPECT_FALSE(results.finished("in/a.jpg", "a", kInput));
    finish(results, "in/a.jpg", "a", "whole");
  }
  EXPECT_EQ(formats::read_text(folder.path() / "a.png"), "whole");
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".da3-")) << entry.path();
  }
}

TEST(ResultFolder, WithoutFormatsDoneIsFinishedToo) {
  const TemporaryFolder folder;
  {
    ResultFolder results(folder.path(), example_run());
    ImageRecord record;
    record.path = "in/a.jpg";
    record.identity = kInput;
    record.outputs = results.write("in/a.jpg", "a", kInput, formats::EncodedSet{});
    results.record(record);
  }
  EXPECT_TRUE(ResultFolder(folder.path(), example_run()).finished("in/a.jpg", "a", kInput));
}

}  // namespace
}  // namespace da3::journal
