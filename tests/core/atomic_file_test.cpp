// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#endif

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/file_descriptor.hpp>
#include <core/work_folder.hpp>
#include <testing/child_process.hpp>
#include <testing/files.hpp>

namespace da3::core {
namespace {

using da3::testing::bytes_of;
using da3::testing::ChildProcess;
using da3::testing::in_child;
using da3::testing::read_file;
using da3::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::size_t num_files(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

/// The error's name and text, or "written".
std::string try_write(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes,
                      Existing existing = Existing::kRefuse) {
  try {
    write_file(path, bytes, existing);
    return "written";
  } catch (const Error& error) {
    return std::string(error_name(error.code())) + " " + error.what();
  }
}

TEST(WriteFile, LeavesTheFileAndNothingElse) {
  const TemporaryFolder folder;
  for (const Durability durability : {Durability::kProcess, Durability::kPower}) {
    write_file(folder.path() / "a.bin", bytes_of("contents"), Existing::kReplace, durability);
    EXPECT_EQ(read_file(folder.path() / "a.bin"), "contents");
    EXPECT_EQ(num_files(folder.path()), 1U);
  }
}

TEST(WriteFile, TakesNamesThatAreNotUtf8) {
  const TemporaryFolder folder;
  EXPECT_EQ(try_write(folder.path() / "caf\xE9\n.png", bytes_of("x")), "written");
  EXPECT_EQ(read_file(folder.path() / "caf\xE9\n.png"), "x");
}

TEST(WriteFile, RefusesWhatIsThereAndLeavesItAlone) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.png", "foreign");
  EXPECT_THAT(try_write(file, bytes_of("ours")), StartsWith("output.exists"));
  EXPECT_EQ(read_file(file), "foreign");
  EXPECT_EQ(num_files(folder.path()), 1U);
}

TEST(WriteFile, RefusesALinkToNowhere) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("nowhere", folder.path() / "a.png");
  EXPECT_THAT(try_write(folder.path() / "a.png", bytes_of("ours")), StartsWith("output.exists"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path() / "a.png"));
}

TEST(WriteFile, ReplacesWhenTold) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.png", "older and longer");
  EXPECT_EQ(try_write(file, bytes_of("new"), Existing::kReplace), "written");
  EXPECT_EQ(read_file(file), "new");
}

TEST(WriteFile, NeverReplacesAFolder) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "a.png");
  EXPECT_THAT(try_write(folder.path() / "a.png", bytes_of("x"), Existing::kReplace),
              StartsWith("output.exists"));
  EXPECT_THAT(try_write(folder.path() / "a.png", bytes_of("x")), StartsWith("output.exists"));
  EXPECT_EQ(num_files(folder.path()), 1U);
}

TEST(WriteFile, ATooLongNameIsThatFilesFailureOnly) {
  const TemporaryFolder folder;
  EXPECT_THAT(try_write(folder.path() / (std::string(252, 'n') + ".png"), bytes_of("x")),
              StartsWith("output.name"));
  EXPECT_EQ(num_files(folder.path()), 0U);
}

TEST(WriteFile, ANameWithANulIsRefused) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a", bytes_of("a"));
  const std::string name = (folder.path() / "a").string() + '\0' + "/b.npy";
  EXPECT_THAT(try_write(name, bytes_of("b")), StartsWith("output.name"));
  EXPECT_EQ(num_files(folder.path()), 1U);
}

TEST(WriteFile, AVanishedFolderIsNamed) {
  const TemporaryFolder folder;
  EXPECT_THAT(try_write(folder.path() / "gone" / "a.png", bytes_of("x")),
              ::testing::AllOf(StartsWith("output.failed"), HasSubstr("vanished")));
}

TEST(WriteFile, AFolderWithoutRightIsNamed) {
  const TemporaryFolder folder;
  const auto closed = folder.path() / "closed";
  std::filesystem::create_directory(closed);
  chmod(folder.path().c_str(), 0755);
  chmod(closed.c_str(), 0555);
  const std::string answer = in_child([&] {
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0 && seteuid(kNobody) != 0) return std::string("cannot stop being root");
    return try_write(closed / "a.png", bytes_of("x"));
  });
  EXPECT_THAT(answer, ::testing::AllOf(StartsWith("output.failed"), HasSubstr("no right"),
                                       HasSubstr(closed.string())));
}

TEST(WriteFile, AFileSizeLimitIsNamedAndLeavesNothing) {
  const TemporaryFolder folder;
  const std::string answer = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return std::string("no limit");
    return try_write(folder.path() / "a.png", std::vector<std::uint8_t>(5000));
  });
  EXPECT_THAT(answer, ::testing::AllOf(StartsWith("output.failed"), HasSubstr("5,000 bytes needed")));
  EXPECT_EQ(num_files(folder.path()), 0U);
}

#if defined(__linux__)
/// Mounts a tiny disk at `folder` for this process alone; false where that is not allowed.
bool mount_private_disk(const std::filesystem::path& folder, const char* options, unsigned long flags = 0) {
  const int spaces = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS;
  return unshare(spaces) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", folder.c_str(), "tmpfs", flags, options) == 0;
}

TEST(WriteFile, AFullDiskIsNamedWithBytesNeededAndFreeAndLeavesNothing) {
  const TemporaryFolder folder;
  const std::string answer = in_child([&] {
    if (!mount_private_disk(folder.path(), "size=64k")) return std::string("no mount");
    std::string text = try_write(folder.path() / "small.png", std::vector<std::uint8_t>(1000));
    text += "; " + try_write(folder.path() / "large.png", std::vector<std::uint8_t>(1000000));
    return text + "; " + std::to_string(num_files(folder.path())) + " file";
  });
  if (answer == "no mount") GTEST_SKIP() << "this user may not mount a tiny disk";
  EXPECT_THAT(answer, ::testing::AllOf(StartsWith("written; output.failed"), HasSubstr("the disk is full"),
                                       HasSubstr("1,000,000 bytes needed"), HasSubstr(" free"),
                                       HasSubstr("; 1 file")));
}

TEST(WriteFile, AReadOnlyFileSystemIsNamed) {
  const TemporaryFolder folder;
  const std::string answer = in_child([&] {
    if (!mount_private_disk(folder.path(), "size=64k", MS_RDONLY)) return std::string("no mount");
    return try_write(folder.path() / "a.png", bytes_of("x"));
  });
  if (answer == "no mount") GTEST_SKIP() << "this user may not mount a tiny disk";
  EXPECT_THAT(answer, ::testing::AllOf(StartsWith("output.failed"), HasSubstr("read-only")));
}
#endif

TEST(EnsureFolder, MakesEveryPart) {
  const TemporaryFolder folder;
  ensure_folder(folder.path() / "a" / "b" / "c");
  ensure_folder(folder.path() / "a" / "b" / "c");
  EXPECT_TRUE(std::filesystem::is_directory(folder.path() / "a" / "b" / "c"));
}

TEST(EnsureFolder, NamesTheFileInThePlaceOfAFolder) {
  const TemporaryFolder folder;
  const auto file = folder.write("a", "file");
  for (const auto& wanted : {file, file / "b" / "c"}) {
    try {
      ensure_folder(wanted);
      ADD_FAILURE() << "made";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kOutputFailed);
      EXPECT_THAT(error.what(), HasSubstr(file.string() + " is not a folder"));
    }
  }
}

TEST(EnsureFolder, AFolderThatCannotBeMadeIsTheOutputsFailureUnlessAnInputNamedIt) {
  const TemporaryFolder folder;
  const auto too_long = folder.path() / std::string(300, 'a');
  const auto code_of = [&](NamedBy named_by) {
    try {
      ensure_folder(too_long, named_by);
    } catch (const Error& error) {
      if (named_by == NamedBy::kUser) {
        EXPECT_THAT(error.what(), HasSubstr("the folder cannot be made ("));
      }
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code_of(NamedBy::kUser), ErrorCode::kOutputFailed);
  EXPECT_EQ(code_of(NamedBy::kInput), ErrorCode::kOutputName);
}

TEST(DeadTemporaries, AreRemovedBelowTheFolderAndNothingElseIs) {
  const TemporaryFolder folder;
  folder.write(".da3-123-0.tmp", "dead");
  folder.write("sub/deep/.da3-99999-17.tmp", "dead");
  for (const char* kept :
       {".da3-claims.tmp", ".da3-12-3.tmp.png", "da3-12-3.tmp", ".da3-x-3.tmp", ".da3-1-.tmp", "a.tmp"}) {
    folder.write(std::string("keep/") + kept, "kept");
  }
  EXPECT_EQ(remove_dead_temporaries(folder.path()), 2U);
  EXPECT_EQ(num_files(folder.path() / "keep"), 6U);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".da3-123-0.tmp"));
}

TEST(DeadTemporaries, OfFoldersWithinStayWhereTheFolderAloneIsMeant) {
  const TemporaryFolder folder;
  folder.write(".da3-123-0.tmp", "dead");
  folder.write("sub/.da3-123-1.tmp", "dead");
  EXPECT_EQ(remove_dead_temporaries(folder.path(), Search::kFolderAlone), 1U);
  EXPECT_EQ(num_files(folder.path() / "sub"), 1U);
}

TEST(DeadTemporaries, OfALivingWriterStayUntilItIsKilled) {
  const TemporaryFolder folder;
  const auto file =
      folder.write(".da3-1-1.tmp", "half");  // Process 1 lives: the lock decides, not the number
  ChildProcess writer([&] {
    static const FileDescriptor held(open(file.c_str(), O_RDWR | O_CLOEXEC));
    return std::string(try_lock(held) == Lock::kTaken ? "locked" : "not locked");
  });
  ASSERT_EQ(writer.text(), "locked");
  EXPECT_EQ(remove_dead_temporaries(folder.path()), 0U);
  EXPECT_TRUE(std::filesystem::exists(file));
  writer.kill();
  EXPECT_EQ(remove_dead_temporaries(folder.path()), 1U);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(DeadTemporaries, AWorkFolderThatCannotBeOpenedIsAnError) {
  const da3::testing::TemporaryFolder folder;
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const rlimit few{256, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<FileDescriptor> all;
  for (int next = ::dup(0); next >= 0; next = ::dup(0)) all.emplace_back(next);
  ErrorCode code{};
  try {
    const WorkFolder work(folder.path());
  } catch (const Error& error) {
    code = error.code();
  }
  all.clear();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_EQ(code, ErrorCode::kOutputFailed);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(DeadTemporaries, WorkFoldersStayUntilTheirProcessIsKilled) {
  const TemporaryFolder folder;
  {
    const WorkFolder work(folder.path());
    std::ofstream(work.path() / "half") << "half";
    EXPECT_EQ(remove_dead_temporaries(folder.path()), 0U);
    EXPECT_EQ(num_files(work.path()), 1U);
  }
  EXPECT_EQ(num_files(folder.path()), 0U) << "it goes with its object";
  ChildProcess writer([&] {
    static const WorkFolder work(folder.path());
    std::ofstream(work.path() / ".da3-1-1.tmp") << "half";
    return work.path().string();
  });
  const std::filesystem::path left = writer.text();
  EXPECT_EQ(remove_dead_temporaries(folder.path(), Search::kFolderAlone), 0U);
  EXPECT_TRUE(std::filesystem::exists(left));
  writer.kill();
  {
    const WorkFolder next(folder.path());
    EXPECT_FALSE(std::filesystem::exists(left));
  }
  EXPECT_EQ(num_files(folder.path()), 0U);
}

TEST(DeadTemporaries, BehindASymbolicLinkAreNotTouched) {
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  elsewhere.write(".da3-123-0.tmp", "theirs");
  std::filesystem::create_directory_symlink(elsewhere.path(), folder.path() / "link");
  EXPECT_EQ(remove_dead_temporaries(folder.path()), 0U);
  EXPECT_EQ(num_files(elsewhere.path()), 1U);
}

TEST(DeadTemporaries, OfAMissingFolderAreNone) {
  EXPECT_EQ(remove_dead_temporaries("/does/not/exist"), 0U);
}

TEST(NamedOutput, WritesToAFifoAndReplacesTheTargetOfALink) {
  const TemporaryFolder folder;
  const auto path = [&](const char* name) { return folder.path() / name; };
  const std::string text = "contents";
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  std::string got(text.size(), ' ');
  std::thread reader(
      [&] { std::ifstream(path("fifo")).read(got.data(), static_cast<std::streamsize>(got.size())); });
  write_output(path("fifo"), bytes);
  reader.join();
  EXPECT_EQ(got, text);
  EXPECT_TRUE(std::filesystem::is_fifo(path("fifo")));
  folder.write("target", "old");
  std::filesystem::create_symlink("target", path("link"));
  std::filesystem::create_symlink("link", path("link of a link"));
  EXPECT_EQ(end_of_links(path("link of a link")), path("target"));
  write_output(path("link of a link"), bytes);
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_EQ(std::filesystem::file_size(path("target")), text.size());
  std::filesystem::create_symlink("b", path("a"));
  std::filesystem::create_symlink("a", path("b"));
  EXPECT_THROW(write_output(path("a") / "x", bytes), Error);
}

TEST(NamedOutput, ANameThatIsNotTakenIsNoMatterOfAnInput) {
  const TemporaryFolder folder;
  const std::filesystem::path longer = folder.path() / std::string(300, 'n');
  for (const auto& write : std::vector<std::function<void()>>{[&] { write_named_file(longer, {}); },
                                                              [&] { write_output(longer, {}); }}) {
    try {
      write();
      ADD_FAILURE() << "written";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kOutputFailed);
      EXPECT_EQ(std::string(error.what()).find("input"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(require_output(folder.path()), Error);
  EXPECT_THROW(require_output(folder.path() / "none" / "file"), Error);
  require_output(folder.path() / "file");
  EXPECT_EQ(num_files(folder.path()), 0U);
}

TEST(AtomicFile, NeverReplacesAFifo) {
  const TemporaryFolder folder;
  const std::filesystem::path fifo = folder.path() / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  try {
    const AtomicFile file(fifo);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutputExists);
  }
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
}

}  // namespace
}  // namespace da3::core
