// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <journal/scene_journal.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include <da3/error.hpp>

#include <testing/child_process.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::journal {
namespace {

using State = SceneJournal::State;
using da3::testing::TemporaryFolder;

constexpr const char* kRun = R"({"type":"run","command":"scene"})";
constexpr const char* kScene = R"({"type":"scene","status":"done"})";

void write_file(const std::filesystem::path& path) {
  std::ofstream(path) << "scene";
}

TEST(SceneJournal, KnowsTheSameWork) {
  const TemporaryFolder folder;
  {
    SceneJournal journal(folder.path());
    EXPECT_EQ(journal.state("a"), State::kNone);
    journal.begin(kRun, "a");
    journal.claim({"scene.glb"});
  }
  EXPECT_EQ(SceneJournal(folder.path()).state("a"), State::kUnfinished);
  {
    SceneJournal journal(folder.path());
    write_file(folder.path() / "scene.glb");
    journal.finish(kScene, {"scene.glb"});
  }
  EXPECT_EQ(SceneJournal(folder.path()).state("a"), State::kFinished);
  std::filesystem::remove(folder.path() / "scene.glb");
  EXPECT_EQ(SceneJournal(folder.path()).state("a"), State::kUnfinished);
}

TEST(SceneJournal, OtherWorkThatLeftNoFileIsNotInTheWay) {
  const TemporaryFolder folder;
  {
    SceneJournal journal(folder.path());
    journal.begin(kRun, "a");
    journal.claim({"scene.glb", "points.ply"});
  }
  EXPECT_EQ(SceneJournal(folder.path()).state("b"), State::kNone);
  write_file(folder.path() / "points.ply");
  EXPECT_EQ(SceneJournal(folder.path()).state("b"), State::kOther);
}

TEST(SceneJournal, ABeginningThatCannotBeWrittenLosesNoFiles) {
  const TemporaryFolder folder;
  {
    SceneJournal journal(folder.path());
    journal.begin(kRun, "a");
    journal.claim({"scene.glb"});
    write_file(folder.path() / "scene.glb");
    journal.finish(kScene, {"scene.glb"});
  }
  const std::string answer = da3::testing::in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4, 4};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return std::string("no limit");
    SceneJournal journal(folder.path());
    try {
      journal.begin(kRun, "b");
    } catch (const Error& error) {
      return std::string(error_name(error.code()));
    }
    return std::string("begun");
  });
  EXPECT_EQ(answer, "output.failed");
  const SceneJournal journal(folder.path());
  EXPECT_EQ(journal.state("a"), State::kFinished);
  EXPECT_TRUE(journal.owns("scene.glb"));
}

TEST(SceneJournal, IsHeldAlsoOnceARunHasBegun) {
  const TemporaryFolder folder;
  SceneJournal journal(folder.path());
  EXPECT_THROW(SceneJournal(folder.path()), Error);
  journal.begin(kRun, "a");
  EXPECT_THROW(SceneJournal(folder.path()), Error);
  journal.append(R"({"type":"view","n":1})");
  std::ifstream manifest(folder.path() / "manifest.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(manifest, line) && std::getline(manifest, line));
  EXPECT_EQ(line, R"({"type":"view","n":1})");
}

TEST(SceneJournal, OtherFinishedWorkIsInTheWay) {
  const TemporaryFolder folder;
  {
    SceneJournal journal(folder.path());
    journal.begin(kRun, "a");
    journal.finish(kScene, {});
  }
  EXPECT_EQ(SceneJournal(folder.path()).state("b"), State::kOther);
}

// A file name is bytes: what JSON cannot hold is kept in base64.
TEST(SceneJournal, KnowsItsFilesWhateverTheirNames) {
  const TemporaryFolder folder;
  const std::string odd = "\xff\xfe.png";
  {
    SceneJournal journal(folder.path());
    journal.begin(kRun, "a");
    journal.claim({odd});
    write_file(folder.path() / odd);
    if (!std::filesystem::exists(folder.path() / odd))
      GTEST_SKIP() << "a file system that takes names of any bytes is needed";
    journal.finish(kScene, {odd});
  }
  {
    SceneJournal journal(folder.path());
    EXPECT_TRUE(journal.owns(odd));
    EXPECT_EQ(journal.state("a"), State::kFinished);
    journal.begin(kRun, "b");
    journal.finish(kScene, {});
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / odd)) << "the next run removes what it does not write";
}

// SECURITY.md: a folder that somebody else made has no hold on files outside of it.
TEST(SceneJournal, NeverReachesThroughLinks) {
  const TemporaryFolder folder;
  const TemporaryFolder outside;
  std::ofstream(folder.path() / "manifest.jsonl")
      << R"({"type":"run","command":"scene","files":["depth/theirs.png","scene.glb"]})" << '\n';
  write_file(outside.path() / "theirs.png");
  std::filesystem::create_directory_symlink(outside.path(), folder.path() / "depth");
  SceneJournal journal(folder.path());
  journal.begin(kRun, "a");
  EXPECT_FALSE(journal.owns("depth/theirs.png"));
  EXPECT_TRUE(journal.owns("scene.glb"));
  EXPECT_THROW(journal.require_own({"depth/theirs.png"}), Error);
  journal.finish(kScene, {});
  EXPECT_TRUE(std::filesystem::exists(outside.path() / "theirs.png"));
}

// A run that was stopped before it wrote has no hold on what comes to its names later.
TEST(SceneJournal, OwnsNothingBeforeItIsWritten) {
  const TemporaryFolder folder;
  SceneJournal(folder.path()).begin(kRun, "a");
  write_file(folder.path() / "points.ply");
  SceneJournal journal(folder.path());
  journal.begin(kRun, "a");
  EXPECT_FALSE(journal.owns("points.ply"));
  EXPECT_THROW(journal.claim({"points.ply"}), Error);
  journal.finish(kScene, {});
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "points.ply"));
}

TEST(SceneJournal, NeitherReplacesNorRemovesItsInputs) {
  const TemporaryFolder folder;
  {
    SceneJournal journal(folder.path());
    journal.begin(kRun, "a");
    journal.claim({"photo.png", "linked.png", "gone.png"});
    for (const char* name : {"photo.png", "linked.png", "gone.png"}) write_file(folder.path() / name);
    journal.finish(kScene, {"photo.png", "linked.png", "gone.png"});
  }
  std::filesystem::create_symlink("linked.png", folder.path() / "link");
  {
    SceneJournal journal(folder.path());
    journal.keep_inputs({folder.path() / "./photo.png", folder.path() / "link"});
    EXPECT_THROW(journal.require_own({"photo.png"}), Error);
    journal.begin(kRun, "b");
    journal.finish(kScene, {});
  }
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "photo.png"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "linked.png"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "gone.png"));
  // Later runs of other inputs do not take them for results either.
  EXPECT_FALSE(SceneJournal(folder.path()).owns("photo.png"));
}

TEST(SceneJournal, TheManifestIsARegularFile) {
  const TemporaryFolder outside;
  write_file(outside.path() / "theirs");
  const TemporaryFolder linked;
  std::filesystem::create_symlink(outside.path() / "theirs", linked.path() / "manifest.jsonl");
  EXPECT_THROW(SceneJournal{linked.path()}, Error);
  EXPECT_EQ(std::filesystem::file_size(outside.path() / "theirs"), 5U);
  const TemporaryFolder waiting;
  ASSERT_EQ(mkfifo((waiting.path() / "manifest.jsonl").c_str(), 0600), 0);
  EXPECT_THROW(SceneJournal{waiting.path()}, Error);
}

}  // namespace
}  // namespace da3::journal
