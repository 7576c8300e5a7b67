// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cli/program.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kPictures = 12;

/// What a call lacks from its surroundings ends in one line and a documented exit code.
class Surroundings : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(place_ / "in");
    for (int i = 0; i < kPictures; ++i)
      write_picture(place_ / "in" / (std::to_string(i) + ".ppm"), 40, 30, i);
    std::filesystem::permissions(place_.folder(), std::filesystem::perms::all);
  }

  /// With the bundled model.
  Ended infer(const std::string& output, const std::vector<std::string>& more,
              const Circumstances& circumstances) const {
    std::vector<std::string> args = {"infer", "in", "-o", output, "-f", "npy,vis", "--device", "cpu", "-q"};
    args.insert(args.end(), more.begin(), more.end());
    return place_.run(args, circumstances);
  }

  static void expect_one_line(const Ended& ended, const std::string& holding) {
    EXPECT_THAT(ended.err, StartsWith("da3: "));
    EXPECT_THAT(ended.err, HasSubstr(holding));
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  }

  Workplace place_;
};

TEST_F(Surroundings, FewThreadsAreAnErrorWhereverTheyRunOut) {
#if !defined(__linux__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "needs Linux's limit of processes, and no thread of a sanitizer";
#endif
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root can become a user with few processes; this user is not root";
  if (infer("first", {}, {.threads = 4096}).code == 127)
    GTEST_SKIP() << "the user nobody may not read this build";
  int refused = 0;
  for (int threads = 1; threads <= 12; ++threads) {
    const Ended ended = infer("out" + std::to_string(threads), {"--threads", "2", "--decode-threads", "2"},
                              {.threads = threads});
    if (ended.code == 0) continue;
    SCOPED_TRACE(std::to_string(threads) + " threads");
    ++refused;
    EXPECT_EQ(ended.code, 4);
    expect_one_line(ended, "the system starts no more threads");
  }
  EXPECT_GT(refused, 0);
}

TEST_F(Surroundings, FewDescriptorsMakeItSlowerNotWrong) {
  for (const int descriptors : {12, 14, 16, 20}) {
    const Ended ended =
        infer("out" + std::to_string(descriptors), {"--decode-threads", "16"}, {.descriptors = descriptors});
    EXPECT_EQ(ended.code, 0) << descriptors << ": " << ended.err;
  }
  for (const int descriptors : {4, 5, 6}) {
    const Ended ended =
        infer("out" + std::to_string(descriptors), {"--decode-threads", "16"}, {.descriptors = descriptors});
    SCOPED_TRACE(std::to_string(descriptors) + " descriptors");
    EXPECT_EQ(ended.code, 6);
    expect_one_line(ended, "Too many open files");
  }
}

TEST_F(Surroundings, ASmallStackIsToldBeforeAnythingRunsInIt) {
  const Ended ended = infer("out", {}, {.stack_bytes = 64 * 1024});
  EXPECT_EQ(ended.code, 4);
  expect_one_line(ended, "ulimit -s");
}

TEST_F(Surroundings, AnUnknownProcessorFeatureIsSaid) {
  const Ended ended = infer("out", {}, {.environment = {"DA3_CPU_FEATURES=avx2,foo"}});
  EXPECT_EQ(ended.code, 2);
  expect_one_line(ended, "DA3_CPU_FEATURES: 'foo' is not one of");
}

TEST_F(Surroundings, AnOutputFolderThatCannotBeMadeIsTheOutputsFailure) {
  for (const std::string& folder : {std::string(300, 'a'), std::string("/proc/da3-depth")}) {
    if (folder.starts_with("/proc") && !std::filesystem::exists("/proc/self")) continue;
    const Ended ended = infer(folder, {}, {});
    EXPECT_EQ(ended.code, 6) << folder;
    expect_one_line(ended, folder + ": the folder cannot be made (");
  }
}

TEST_F(Surroundings, NoFolderForTemporaryFilesIsNeeded) {
  const Ended ended =
      infer("out", {}, {.environment = {"TMPDIR=/nowhere", "HOME=/nowhere"}, .without_folders = true});
  EXPECT_EQ(ended.code, 0) << ended.err;
}

}  // namespace
}  // namespace da3::testing
