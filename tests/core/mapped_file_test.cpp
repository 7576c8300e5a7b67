// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include <core/mapped_file.hpp>
#include <testing/files.hpp>

namespace da3::core {
namespace {

TEST(MappedFile, ForgottenPagesAreThoseOfTheFileAgainAndOthersStay) {
#ifndef __linux__
  GTEST_SKIP() << "other systems may keep the pages";
#endif
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const testing::TemporaryFolder folder;
  const MappedFile file =
      MappedFile::open(testing::write_file(folder.path() / "pages", std::string(4 * page, 'a')));
  std::fill(file.bytes().begin(), file.bytes().end(), std::byte{'b'});
  const auto count = [&](std::size_t index) {
    const auto bytes = file.bytes().subspan(index * page, page);
    return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), std::byte{'a'}));
  };
  forget_pages(file.bytes().subspan(1, page));  // No whole page
  EXPECT_EQ(count(0) + count(1), 0U);
  forget_pages(file.bytes().subspan(1, 3 * page));
  EXPECT_EQ(count(0), 0U);
  EXPECT_EQ(count(1), page);
  EXPECT_EQ(count(2), page);
  EXPECT_EQ(count(3), 0U);
  forget_pages({});
}

}  // namespace
}  // namespace da3::core
