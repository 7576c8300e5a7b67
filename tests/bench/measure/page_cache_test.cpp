// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <bench/measure/page_cache.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::bench {
namespace {

TEST(PageCache, AFileThatWasJustReadIsHeld) {
  const da3::testing::TemporaryFolder folder;
  const std::filesystem::path file = folder.write("file", std::string(1U << 20U, 'x'));
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  const auto share = cached_share(file);
  if (!share) GTEST_SKIP() << "a system that tells which pages of a file it holds (mincore) is needed";
  EXPECT_GT(*share, 0.9);
  EXPECT_LE(*share, 1.0);
}

TEST(PageCache, NothingIsKnownOfAbsentAndEmptyFiles) {
  const da3::testing::TemporaryFolder folder;
  EXPECT_EQ(cached_share(folder.path() / "absent"), std::nullopt);
  EXPECT_EQ(cached_share(folder.write("empty", "")), std::nullopt);
}

}  // namespace
}  // namespace da3::bench
