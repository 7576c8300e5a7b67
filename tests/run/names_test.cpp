// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <codec/picture_format.hpp>
#include <gtest/gtest.h>

#include <run/names.hpp>

namespace da3::run {
namespace {

TEST(NaturalOrder, CountsAsPeopleDo) {
  const std::vector<std::string> ordered{"",
                                         "1.jpg",
                                         "2.jpg",
                                         "10.jpg",
                                         "a1b2",
                                         "a1b10",
                                         "a01c",
                                         "B.jpg",
                                         "c.jpg",
                                         "img9",
                                         "img10",
                                         "img10a",
                                         "img11",
                                         "img18446744073709551616",
                                         "img18446744073709551617"};
  std::vector<std::string> sorted = ordered;
  std::reverse(sorted.begin(), sorted.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const std::string& a, const std::string& b) { return natural_compare(a, b) < 0; });
  EXPECT_EQ(sorted, ordered);
}

TEST(NaturalOrder, IsTotal) {
  EXPECT_NE(natural_compare("a1", "a01"), std::strong_ordering::equal);
  EXPECT_NE(natural_compare("A", "a"), std::strong_ordering::equal);
  EXPECT_EQ(natural_compare("x\xff", "x\xff"), std::strong_ordering::equal);
  EXPECT_TRUE(natural_compare("a", "ab") < 0);
}

TEST(StableHash, IsFnv1a64) {
  // Vectors of the FNV reference implementation (isthe.com/chongo/tech/comp/fnv).
  EXPECT_EQ(stable_hash(""), 0xcbf29ce484222325U);
  EXPECT_EQ(stable_hash("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(stable_hash("foobar"), 0x85944171f73967e8U);
}

TEST(Names, KindsGoByTheExtensionWithoutCase) {
  EXPECT_EQ(kind_of_name("a.JPG"), NameKind::kPicture);
  EXPECT_EQ(kind_of_name("a.b.tiff"), NameKind::kPicture);
  EXPECT_EQ(kind_of_name("a.HeIc"),
            codec::kHeifCodec.is_read() ? NameKind::kPicture : NameKind::kUnsupported);
  EXPECT_TRUE(yields_to_twin("a.AVIF"));
  EXPECT_FALSE(yields_to_twin("heic"));
  EXPECT_EQ(kind_of_name("a.nef"), NameKind::kUnsupported);
  EXPECT_EQ(kind_of_name("a.txt"), NameKind::kOther);
  EXPECT_EQ(kind_of_name("jpg"), NameKind::kOther);
  EXPECT_EQ(kind_of_name("a."), NameKind::kOther);
}

TEST(Names, StemsEndAtTheLastDot) {
  EXPECT_EQ(stem_of_name("a.b.jpg"), "a.b");
  EXPECT_EQ(stem_of_name("plain"), "plain");
  EXPECT_EQ(stem_of_name(".hidden"), ".hidden");
  EXPECT_EQ(stem_of_name("dot."), "dot.");
}

}  // namespace
}  // namespace da3::run
