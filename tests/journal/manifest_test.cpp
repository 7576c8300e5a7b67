// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <thread>

#include <formats/fixtures.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <journal/manifest.hpp>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <testing/child_process.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::journal {
namespace {

using da3::testing::ChildProcess;
using da3::testing::TemporaryFolder;
using ::testing::HasSubstr;

RunRecord example_run() {
  RunRecord run;
  run.model_name = "m";
  run.model_sha256 = "1234";
  run.precision = "fp32";
  return run;
}

ImageRecord done(const std::string& path, const std::string& stem) {
  ImageRecord record;
  record.path = path;
  record.identity = InputIdentity{10, 20};
  record.outputs = {{formats::Format::kPng16, stem + ".png"}};
  return record;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::string text = formats::read_text(file);
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.erase(0, end + 1);
  }
  EXPECT_EQ(text, "") << "the file does not end with a line end";
  return lines;
}

/// The lock error's text; empty if the folder could be opened.
std::string lock_error(const std::filesystem::path& folder,
                       const std::optional<Shard>& shard = std::nullopt) {
  try {
    const Manifest manifest(folder, shard);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutputLocked) << error.what();
    return error.what();
  }
}

TEST(Manifest, KeepsHeaderAndRecordsAsLines) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "new" / "depth";
  {
    Manifest manifest(out);
    EXPECT_TRUE(manifest.locked());
    manifest.begin_run(example_run());
    manifest.append(done("a.jpg", "a"));
    ImageRecord skipped = done("b.jpg", "b");
    skipped.status = ImageStatus::kSkipped;
    manifest.append(skipped);
    manifest.append(failed_record("c.jpg", Error(ErrorCode::kImageCorrupt, "c.jpg: damaged")));
  }
  const auto lines = lines_of(out / "manifest.jsonl");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(run_from_json(lines[0]).pid, getpid());
  EXPECT_EQ(lines[1], to_json(done("a.jpg", "a")));
  EXPECT_EQ(image_from_json(lines[2]).status, ImageStatus::kFailed);
  EXPECT_EQ(read_manifests(out).size(), 2U);
}

TEST(Manifest, ARecordIsOnDiskWhenAppendReturns) {
  const TemporaryFolder folder;
  ChildProcess run([&] {
    static Manifest manifest(folder.path());
    manifest.begin_run(example_run());
    manifest.append(done("a.jpg", "a"));
    return std::string("appended");
  });
  ASSERT_EQ(run.text(), "appended");
  run.kill();
  EXPECT_TRUE(read_manifests(folder.path()).find("a.jpg"));
}

TEST(Manifest, GoesOnAfterALastLineTornAtAnyByte) {
  const std::string before = to_json(example_run()) + "\n" + to_json(done("a.jpg", "a")) + "\n";
  const std::string last = to_json(done("b.jpg", "b")) + "\n";
  for (std::size_t length = 0; length <= last.size(); ++length) {
    const TemporaryFolder folder;
    folder.write("manifest.jsonl", before + last.substr(0, length));
    {
      Manifest manifest(folder.path());
      manifest.begin_run(example_run());
      manifest.append(done("c.jpg", "c"));
    }
    const bool b_is_whole = length + 1 >= last.size();
    const auto lines = lines_of(folder.path() / "manifest.jsonl");
    ASSERT_EQ(lines.size(), b_is_whole ? 5U : 4U) << length;
    for (const std::string& line : lines) ASSERT_TRUE(nlohmann::json::accept(line)) << line;
    ASSERT_EQ(read_manifests(folder.path()).find("b.jpg").has_value(), b_is_whole) << length;
  }
}

TEST(Manifest, ASecondRunInTheSameProcessIsRefused) {
  const TemporaryFolder folder;
  auto first = std::make_unique<Manifest>(folder.path());
  first->begin_run(example_run());
  EXPECT_THAT(lock_error(folder.path()), HasSubstr("process " + std::to_string(getpid())));
  first.reset();
  EXPECT_EQ(lock_error(folder.path()), "");
}

TEST(Manifest, ARunInAnotherProcessIsNamedAndItsEndFreesTheFolder) {
  const TemporaryFolder folder;
  ChildProcess other([&] {
    static Manifest manifest(folder.path());
    manifest.begin_run(example_run());
    return std::string("running");
  });
  ASSERT_EQ(other.text(), "running");
  EXPECT_THAT(lock_error(folder.path()), HasSubstr("process " + std::to_string(other.id())));
  other.kill();
  EXPECT_EQ(lock_error(folder.path()), "");
}

TEST(Manifest, ShardsOfOneDivisionRunTogetherAndNoOthersBesideThem) {
  const TemporaryFolder folder;
  const Manifest first(folder.path(), Shard{1, 2});
  EXPECT_EQ(lock_error(folder.path(), Shard{2, 2}), "");
  EXPECT_NE(lock_error(folder.path(), Shard{1, 2}), "");
  EXPECT_NE(lock_error(folder.path(), Shard{3, 4}), "");
  EXPECT_NE(lock_error(folder.path()), "");
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "manifest.1-of-2.jsonl"));
}

TEST(Manifest, AShardIsRefusedBesideAWholeRun) {
  const TemporaryFolder folder;
  const Manifest whole(folder.path());
  EXPECT_NE(lock_error(folder.path(), Shard{1, 2}), "");
}

TEST(Manifest, KnowsTheRecordsOfEveryShard) {
  const TemporaryFolder folder;
  for (const int index : {1, 2}) {
    Manifest manifest(folder.path(), Shard{index, 2});
    manifest.begin_run(example_run());
    manifest.append(done(std::to_string(index) + ".jpg", std::to_string(index)));
  }
  const Manifest whole(folder.path());
  EXPECT_TRUE(whole.index().find("1.jpg"));
  EXPECT_TRUE(whole.index().find("2.jpg"));
}

TEST(Manifest, ClaimsOfAKilledRunAreKnownUntilTheyAreRecorded) {
  const TemporaryFolder folder;
  ChildProcess killed([&] {
    static Manifest manifest(folder.path());
    manifest.begin_run(example_run());
    manifest.claim({"a.png"});
    manifest.claim({"sub/b.png", "sub/b.vis.png"});
    manifest.append(done("a.jpg", "a"));
    return std::string("claimed");
  });
  ASSERT_EQ(killed.text(), "claimed");
  killed.kill();
  {
    const Manifest interrupted(folder.path());
    EXPECT_TRUE(interrupted.owns("a.png")) << "recorded";
    EXPECT_TRUE(interrupted.owns("sub/b.vis.png")) << "claimed";
    EXPECT_FALSE(interrupted.owns("sub/b.exr"));
    EXPECT_FALSE(interrupted.owns("c.png"));
  }
  {
    Manifest next(folder.path());
    EXPECT_TRUE(next.owns("sub/b.png")) << "a run between that did not reach b must not lose the claim";
    next.begin_run(example_run());
    ImageRecord record = done("b.jpg", "sub/b");
    record.outputs.emplace_back(formats::Format::kVis, "sub/b.vis.png");
    next.claim({"sub/b.png", "sub/b.vis.png"});
    next.append(record);
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".da3-claims.tmp"));
  EXPECT_TRUE(Manifest(folder.path()).owns("sub/b.vis.png"));
}

TEST(Manifest, TornClaimDoesNotJoinTheNext) {
  const TemporaryFolder folder;
  folder.write(".da3-claims.tmp", std::string("a.png\0half", 10));
  {
    Manifest manifest(folder.path());
    EXPECT_TRUE(manifest.owns("a.png"));
    EXPECT_FALSE(manifest.owns("half"));
    manifest.claim({"b.png"});
  }
  const Manifest next(folder.path());
  EXPECT_TRUE(next.owns("a.png"));
  EXPECT_TRUE(next.owns("b.png"));
}

TEST(Manifest, ClaimsOfAnotherDivisionAreTakenOver) {
  const TemporaryFolder folder;
  folder.write(".da3-claims.2-of-3.tmp", std::string("a.png\0", 6));
  {
    const Manifest sister(folder.path(), Shard{1, 3});
    EXPECT_FALSE(sister.owns("a.png"));
  }
  {
    const Manifest whole(folder.path());
    EXPECT_TRUE(whole.owns("a.png"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".da3-claims.2-of-3.tmp"));
  EXPECT_TRUE(Manifest(folder.path()).owns("a.png"));
}

TEST(Manifest, RecordsFromManyThreadsAreWholeLines) {
  const TemporaryFolder folder;
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  {
    Manifest manifest(folder.path());
    manifest.begin_run(example_run());
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&manifest, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::string name = std::to_string(t) + "-" + std::to_string(i);
          manifest.claim({name + ".png"});
          manifest.append(done(name + ".jpg", name));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const ManifestIndex index = read_manifests(folder.path());
  EXPECT_EQ(index.size(), static_cast<std::size_t>(kThreads * kEach));
  EXPECT_EQ(index.damaged_lines(), 0U);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".da3-claims.tmp"));
}

TEST(Manifest, AHeaderSaysWhoWritesItAndWhenWhateverItWasCopiedFrom) {
  const TemporaryFolder folder;
  Manifest manifest(folder.path());
  RunRecord copied = example_run();
  copied.pid = 1;
  copied.host = "elsewhere";
  copied.began_ms = 5;
  manifest.begin_run(copied);
  const RunRecord written = run_from_json(lines_of(folder.path() / "manifest.jsonl").front());
  EXPECT_EQ(written.pid, getpid());
  EXPECT_NE(written.host, "elsewhere");
  EXPECT_GT(written.began_ms, 1'500'000'000'000) << "of the clock";
}

TEST(Manifest, RecordsAreReadWholeWhereTheIndexHasThem) {
  const TemporaryFolder folder;
  for (const auto& shard : {std::optional<Shard>(), std::optional(Shard{1, 2})}) {
    Manifest manifest(folder.path(), shard);
    manifest.begin_run(example_run());
    for (const char* name : {"a", "b", "c", "b", "d"})
      manifest.append(
          done(std::string(shard ? "s" : "w") + name + ".jpg", shard ? std::string("s") + name : name));
  }
  std::filesystem::resize_file(folder.path() / "manifest.jsonl",
                               std::filesystem::file_size(folder.path() / "manifest.jsonl") - 1);
  const ManifestIndex index = read_manifests(folder.path());
  RecordReader reader;
  int records = 0;
  const auto read = [&](const LastRecord& last) {
    EXPECT_EQ(reader.read(last).path, last.path);
    ++records;
  };
  index.for_each_last(read);
  index.for_each_last(read);
  EXPECT_EQ(records, 16);
}

TEST(Manifest, FilesWithOtherNamesAreNotRead) {
  const TemporaryFolder folder;
  for (const char* name :
       {"manifest-old.jsonl", "manifest.x-of-2.jsonl", "manifest.1-of-.jsonl", "manifest..jsonl"}) {
    folder.write(name, "of another program\n");
  }
  EXPECT_NO_THROW(Manifest{folder.path()});
}

// An error of the disk is not the end of the folder: the results of some shards would be missing.
TEST(Manifest, AFolderThatCannotBeListedIsNoEmptyOne) {
  const TemporaryFolder folder;
  EXPECT_TRUE(manifest_names(folder.path() / "none").empty());
  std::ofstream(folder.path() / "file") << "x";
  EXPECT_THROW(manifest_names(folder.path() / "file"), Error);
}

TEST(Manifest, AFileOfAnotherProgramIsLeftAsItIs) {
  const TemporaryFolder folder;
  const auto file = folder.write("manifest.jsonl", "{\"name\":\"extension\"}");
  EXPECT_THROW(Manifest{folder.path()}, Error);
  EXPECT_EQ(formats::read_text(file), "{\"name\":\"extension\"}");
}

}  // namespace
}  // namespace da3::journal
