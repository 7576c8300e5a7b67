// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <core/folder_entry.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::core {
namespace {

namespace fs = std::filesystem;

TEST(FolderEntry, IsOneWhateverPathLeadsToIt) {
  const testing::TemporaryFolder folder;
  fs::create_directory(folder.path() / "in");
  fs::create_directory_symlink("in", folder.path() / "link");
  std::ofstream(folder.path() / "in/a") << "a";
  fs::create_symlink("in/a", folder.path() / "b");
  const auto entry = entry_of(folder.path() / "in/a");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry_of(folder.path() / "link/../in/./a"), entry);
  EXPECT_EQ(entry_of(folder.path() / "link/a"), entry);
  EXPECT_EQ(entry_behind(folder.path() / "b"), entry);
  EXPECT_NE(entry_of(folder.path() / "b"), entry) << "the link is an entry of its own";
}

TEST(FolderEntry, HardLinksAreEntriesOfTheirOwn) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "a") << "a";
  fs::create_hard_link(folder.path() / "a", folder.path() / "b");
  EXPECT_NE(entry_behind(folder.path() / "a"), entry_behind(folder.path() / "b"));
}

TEST(FolderEntry, NeedsAFolderAndBehindLinksAFile) {
  const testing::TemporaryFolder folder;
  EXPECT_TRUE(entry_of(folder.path() / "new"));
  EXPECT_FALSE(entry_behind(folder.path() / "new"));
  EXPECT_FALSE(entry_of(folder.path() / "no/folder"));
}

}  // namespace
}  // namespace da3::core
