// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <core/text.hpp>

namespace da3::core {
namespace {

TEST(Text, ASizeIsWidthThenHeight) {
  EXPECT_EQ(size_text(Size{720, 1280}), "1280x720");
  EXPECT_EQ(size_text(std::uint64_t{1} << 40, 0), "0x1099511627776");
}

TEST(Text, CountsHaveACommaEveryThreeDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
  EXPECT_EQ(count_of(0, "image"), "0 images");
  EXPECT_EQ(count_of(1, "image"), "1 image");
  EXPECT_EQ(count_of(1200, "image"), "1,200 images");
}

TEST(Text, BytesHaveAUnitAndThreeDigitsWhereThereAreAsMany) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1 KiB");
  EXPECT_EQ(bytes_text(600000000), "572.2 MiB");
  EXPECT_EQ(bytes_text(1632087572), "1.52 GiB");
  EXPECT_EQ(bytes_text(std::uint64_t{24} << 30), "24 GiB");
  EXPECT_EQ(bytes_text(std::uint64_t{5000} << 40), "5000 TiB");
}

TEST(Text, ListsAreJoinedWithoutAnEnd) {
  EXPECT_EQ(joined({}, ", "), "");
  EXPECT_EQ(joined(std::vector<std::string>{"a"}, ", "), "a");
  EXPECT_EQ(joined(std::vector<std::string>{"", "b", ""}, ","), ",b,");
}

TEST(Text, AListWithinASentenceEndsWithItsWord) {
  using Names = std::vector<std::string_view>;
  EXPECT_EQ(listed(Names{}, " or "), "");
  EXPECT_EQ(listed(Names{"npz"}, " or "), "npz");
  EXPECT_EQ(listed(Names{"exr", "npz"}, " or "), "exr or npz");
  EXPECT_EQ(listed(Names{"png16", "exr", "npz"}, " and "), "png16, exr and npz");
}

}  // namespace
}  // namespace da3::core
