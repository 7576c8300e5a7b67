// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/fixtures.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <journal/manifest_index.hpp>

#include <da3/error.hpp>

#include <testing/temporary_folder.hpp>

namespace da3::journal {
namespace {

using da3::testing::TemporaryFolder;
using ::testing::ElementsAre;

std::string run_line(const std::string& process_res = "504", std::int64_t began_ms = 0) {
  RunRecord run;
  run.began_ms = began_ms;
  run.model_name = "m";
  run.model_sha256 = "1234";
  run.precision = "fp32";
  run.options = {{"process-res", process_res}};
  return to_json(run) + "\n";
}

std::string image_line(const std::string& path, const std::string& stem,
                       ImageStatus status = ImageStatus::kDone, std::uint64_t bytes = 10) {
  ImageRecord record;
  record.path = path;
  record.status = status;
  record.identity = InputIdentity{bytes, 77};
  if (status == ImageStatus::kFailed) record.error = RecordedError{"image.corrupt", "damaged"};
  if (status == ImageStatus::kDone)
    record.outputs = {{formats::Format::kPng16, stem + ".png"}, {formats::Format::kVis, stem + ".vis.png"}};
  return to_json(record) + "\n";
}

ManifestIndex index_of(const TemporaryFolder& folder, const std::string& text) {
  ManifestIndex index;
  index.add_file(folder.write("manifest.jsonl", text));
  return index;
}

TEST(ManifestIndex, LastRecordOfAPathWins) {
  const TemporaryFolder folder;
  const auto index =
      index_of(folder, run_line() + image_line("a.jpg", "a", ImageStatus::kDone, 10) +
                           image_line("b.jpg", "b") + image_line("a.jpg", "a", ImageStatus::kDone, 20));
  EXPECT_EQ(index.size(), 2U);
  const auto known = index.find("a.jpg");
  ASSERT_TRUE(known);
  EXPECT_EQ(known->identity, (InputIdentity{20, 77}));
  EXPECT_EQ(known->stem, "a");
  EXPECT_THAT(known->formats, ElementsAre(formats::Format::kPng16, formats::Format::kVis));
  EXPECT_FALSE(index.find("c.jpg"));
}

TEST(ManifestIndex, TheRecordOfTheLaterRunWinsWhicheverFileIsReadLast) {
  const TemporaryFolder folder;
  ManifestIndex index;
  index.add_file(folder.write("manifest.1-of-2.jsonl",
                              run_line("112", 2000) + image_line("a.jpg", "a", ImageStatus::kDone, 20)));
  std::string text = run_line("56", 1000);
  text += image_line("a.jpg", "a", ImageStatus::kDone, 10);
  text += image_line("b.jpg", "a");
  text += run_line("56", 3000);
  index.add_file(folder.write("manifest.jsonl", text));
  EXPECT_EQ(index.find("a.jpg")->identity.bytes, 20U);
  EXPECT_EQ(index.owner_of("a"), "a.jpg");
  EXPECT_EQ(index.last_run()->began_ms, 3000);
}

TEST(ManifestIndex, AHeaderWithoutATimeIsNoOlderThanTheOneBeforeIt) {
  const TemporaryFolder folder;
  ManifestIndex index;
  // As an earlier version goes on behind this one.
  const std::string later = run_line("112", 2000) + image_line("a.jpg", "a") + image_line("b.jpg", "b") +
                            run_line("140") + image_line("a.jpg", "a", ImageStatus::kDone, 20);
  index.add_file(folder.write("manifest.jsonl", later));
  EXPECT_EQ(index.last_run()->options.at("process-res"), "140");
  EXPECT_EQ(index.last_run()->began_ms, 2000);
  index.add_file(folder.write("manifest.1-of-2.jsonl", run_line("56") + image_line("b.jpg", "b")));
  EXPECT_EQ(index.find("a.jpg")->identity.bytes, 20U);
  index.for_each_last([](const LastRecord& last) {
    EXPECT_EQ(last.run->options.at("process-res"), last.path == "a.jpg" ? "140" : "112");
    EXPECT_EQ(last.place.began_ms, 2000);
  });
}

TEST(ManifestIndex, OfTheTextsOfAPathTheOneThatWasRecordedLastCounts) {
  const TemporaryFolder folder;
  std::string text = run_line("56", 1000) + image_line("in/a.jpg", "a") + image_line("in/b.jpg", "b");
  text += run_line("112", 2000) + image_line("./in/a.jpg", "a") + image_line("./in/b.jpg", "b");
  text += run_line("56", 3000) + image_line("in/b.jpg", "b");
  const auto index = index_of(folder, text);
  const InputIdentity same{10, 77};
  const std::string later(index.find("./in/a.jpg")->results_digest);
  for (const char* path : {"in/a.jpg", "./in/a.jpg", "/photos/in/a.jpg"})
    EXPECT_EQ(index.find_input(path, "a", same)->results_digest, later) << path;
  for (const char* path : {"in/b.jpg", "./in/b.jpg", "/photos/in/b.jpg"})
    EXPECT_NE(index.find_input(path, "b", same)->results_digest, later) << path;
  EXPECT_EQ(index.find_input("in/a.jpg", "a", InputIdentity{11, 77})->results_digest,
            index.find("in/a.jpg")->results_digest)
      << "another file has the name";
}

TEST(ManifestIndex, AFailureCountsUntilItsPathIsDone) {
  const TemporaryFolder folder;
  std::string text = run_line("56", 1000) + image_line("in/a.jpg", "a");
  text += run_line("56", 2000) + image_line("./in/a.jpg", "a", ImageStatus::kFailed);
  EXPECT_EQ(index_of(folder, text).find_input("./in/a.jpg", "a", {})->status, ImageStatus::kFailed);
  text += run_line("56", 3000) + image_line("in/a.jpg", "a");
  EXPECT_EQ(index_of(folder, text).find_input("./in/a.jpg", "a", InputIdentity{10, 77})->status,
            ImageStatus::kDone);
}

TEST(ManifestIndex, AFileOfTwoStemsIsOfNeither) {
  const TemporaryFolder folder;
  const auto index =
      index_of(folder, run_line() + image_line("a.vis.jpg", "a.vis") + image_line("b.jpg", "b"));
  EXPECT_TRUE(index.owns("a.vis.png"));
  EXPECT_TRUE(index.owns("a.vis", formats::Format::kPng16));
  EXPECT_FALSE(index.owns("a", formats::Format::kVis)) << "the same file as another stem's";
  const auto both =
      index_of(folder, run_line() + image_line("a.vis.jpg", "a.vis") + image_line("a.jpg", "a"));
  EXPECT_FALSE(both.owns("a.vis", formats::Format::kPng16));
  EXPECT_FALSE(both.owns("a", formats::Format::kVis));
  EXPECT_TRUE(both.owns("a", formats::Format::kPng16));
}

TEST(ManifestIndex, SkippedRecordsChangeNothing) {
  const TemporaryFolder folder;
  const auto index = index_of(
      folder, run_line() + image_line("a.jpg", "a") + image_line("a.jpg", "a", ImageStatus::kSkipped));
  EXPECT_EQ(index.find("a.jpg")->status, ImageStatus::kDone);
  EXPECT_EQ(index.find("a.jpg")->formats.size(), 2U);
}

TEST(ManifestIndex, FilesOfAnImageThatFailedLaterAreStillOwned) {
  const TemporaryFolder folder;
  const auto index = index_of(
      folder, run_line() + image_line("a.jpg", "a") + image_line("a.jpg", "a", ImageStatus::kFailed));
  EXPECT_EQ(index.find("a.jpg")->status, ImageStatus::kFailed);
  EXPECT_TRUE(index.owns("a.png"));
  EXPECT_TRUE(index.owns("a.vis.png"));
  EXPECT_FALSE(index.owns("a.exr"));
  EXPECT_FALSE(index.owns("b.png"));
  EXPECT_EQ(index.owner_of("a"), "a.jpg");
}

TEST(ManifestIndex, EachRecordBelongsToTheHeaderBeforeIt) {
  const TemporaryFolder folder;
  const auto index =
      index_of(folder, run_line("504") + image_line("a.jpg", "a") + run_line("756") +
                           image_line("b.jpg", "b") + run_line("504") + image_line("c.jpg", "c"));
  EXPECT_NE(index.find("a.jpg")->results_digest, index.find("b.jpg")->results_digest);
  EXPECT_EQ(index.find("a.jpg")->results_digest, index.find("c.jpg")->results_digest);
  EXPECT_EQ(index.last_run()->options.at("process-res"), "504");
}

TEST(ManifestIndex, RecordsBehindADamagedHeaderAreOfNoKnownRun) {
  const TemporaryFolder folder;
  std::string text = run_line("504", 1000) + image_line("a.jpg", "a") + image_line("b.jpg", "b");
  text += "{\"type\":\"run\",\"schema\":x}\n" + image_line("a.jpg", "a");
  const auto index = index_of(folder, text);
  EXPECT_EQ(index.find("a.jpg")->results_digest, "");
  EXPECT_NE(index.find("b.jpg")->results_digest, "");
  EXPECT_TRUE(index.owns("a.png"));
  index.for_each_last([](const LastRecord& last) { EXPECT_EQ(last.run == nullptr, last.path == "a.jpg"); });
}

TEST(ManifestIndex, OfEachNameOfResultsTheLastRecordIsGiven) {
  const TemporaryFolder folder;
  ManifestIndex index;
  const std::string whole = run_line("56", 1000) + image_line("in/a.jpg", "a") + image_line("in/b.jpg", "b") +
                            image_line("in/f.jpg", "f", ImageStatus::kFailed);
  const std::string shard = run_line("56", 2000) + image_line("./in/b.jpg", "b") + image_line("c.jpg", "c");
  index.add_file(folder.write("manifest.1-of-2.jsonl", shard));
  index.add_file(folder.write("manifest.jsonl", whole));
  std::vector<std::string> found;
  index.for_each_last([&](const LastRecord& last) {
    const std::string& text = last.manifest.ends_with("manifest.jsonl") ? whole : shard;
    EXPECT_NE(text.substr(last.place.offset).find(last.path), std::string::npos);
    EXPECT_EQ(last.place.began_ms, text == whole ? 1000 : 2000);
    EXPECT_EQ(last.run->options.at("process-res"), "56");
    found.emplace_back(last.path);
  });
  EXPECT_THAT(found, ElementsAre("./in/b.jpg", "c.jpg", "in/a.jpg", "in/f.jpg"));
}

TEST(ManifestIndex, WhatIsNoManifestIsPassedOverWhereThatIsAskedFor) {
  const TemporaryFolder folder;
  for (const std::string begin : {"hello", "{\"type\":\"run\",\"schema\":2}", ""}) {
    ManifestIndex index;
    const std::string text = begin + "\n" + image_line("a.jpg", "a") + run_line() + image_line("b.jpg", "b");
    index.add_file(folder.write("manifest.jsonl", text), Foreign::kPassOver);
    EXPECT_EQ(index.find("a.jpg")->results_digest, "") << begin;
    EXPECT_NE(index.find("b.jpg")->results_digest, "") << begin;
    EXPECT_EQ(index.damaged_lines(), begin.empty() ? 0U : 1U) << begin;
  }
  EXPECT_THROW(ManifestIndex().add_file(folder.path() / "none", Foreign::kPassOver), Error);
}

TEST(ManifestIndex, LastLineTornAtAnyByteIsIgnored) {
  const TemporaryFolder folder;
  const std::string before = run_line() + image_line("a.jpg", "a");
  const std::string last = image_line("b\xE9.jpg", "b\xE9");
  for (std::size_t length = 0; length + 1 < last.size(); ++length) {
    ManifestIndex index;
    const auto read = index.add_file(folder.write("manifest.jsonl", before + last.substr(0, length)));
    ASSERT_EQ(index.size(), 1U) << length;
    ASSERT_EQ(read.valid_bytes, before.size()) << length;
    ASSERT_FALSE(read.line_end_missing) << length;
    ASSERT_EQ(index.damaged_lines(), 0U) << length;
  }
  ManifestIndex index;
  const auto read = index.add_file(folder.write("manifest.jsonl", before + last.substr(0, last.size() - 1)));
  EXPECT_EQ(index.size(), 2U) << "only the line end is missing";
  EXPECT_TRUE(read.line_end_missing);
  EXPECT_TRUE(index.find("b\xE9.jpg"));
}

TEST(ManifestIndex, HeaderTornAtAnyByteIsAnEmptyManifest) {
  const TemporaryFolder folder;
  const std::string header = run_line();
  for (std::size_t length = 0; length + 1 < header.size(); ++length) {
    ManifestIndex index;
    const auto read = index.add_file(folder.write("manifest.jsonl", header.substr(0, length)));
    ASSERT_EQ(read.valid_bytes, 0U);
    ASSERT_FALSE(index.last_run());
  }
}

TEST(ManifestIndex, DamagedLinesInTheMiddleAreCountedAndPassedOver) {
  const TemporaryFolder folder;
  const auto index = index_of(folder, run_line() + image_line("a.jpg", "a") + "{\"type\":\"image\",\"pa\n" +
                                          image_line("b.jpg", "b"));
  EXPECT_EQ(index.size(), 2U);
  EXPECT_EQ(index.damaged_lines(), 1U);
}

TEST(ManifestIndex, AnotherProgramsFileIsRefused) {
  const TemporaryFolder folder;
  // The last is a video's.
  for (const char* text :
       {"hello\n", "hello", "{\"name\":1}\n", "\n", "{\"type\":\"video\",\"schema\":1,\"key\":{}}\n"}) {
    ManifestIndex index;
    try {
      index.add_file(folder.write("manifest.jsonl", text));
      ADD_FAILURE() << "taken: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kOutputExists);
    }
  }
}

TEST(ManifestIndex, ANewerSchemaIsAUsageError) {
  const TemporaryFolder folder;
  ManifestIndex index;
  try {
    index.add_file(folder.write("manifest.jsonl", R"({"type":"run","schema":2})"
                                                  "\n"));
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
  }
}

TEST(ManifestIndex, LinesAcrossReadBlocksAreWhole) {
  const TemporaryFolder folder;
  std::string text = run_line();
  constexpr int kImages = 12000;  // Several MiB, so that many lines cross a block's end
  for (int i = 0; i < kImages; ++i) text += image_line("in/" + std::to_string(i) + ".jpg", std::to_string(i));
  const auto index = index_of(folder, text);
  EXPECT_EQ(index.size(), static_cast<std::size_t>(kImages));
  EXPECT_EQ(index.damaged_lines(), 0U);
  for (int i = 0; i < kImages; ++i) {
    ASSERT_EQ(index.find("in/" + std::to_string(i) + ".jpg")->stem, std::to_string(i));
  }
}

}  // namespace
}  // namespace da3::journal
