// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include <core/json_depth.hpp>

namespace da3::core {
namespace {

std::string nested(int depth) {
  const auto count = static_cast<std::size_t>(depth);
  return std::string(count, '[') + std::string(count, ']');
}

TEST(JsonDepth, SixtyFourBracketsAreTheDeepest) {
  EXPECT_FALSE(is_too_deep(""));
  EXPECT_FALSE(is_too_deep(nested(64)));
  EXPECT_TRUE(is_too_deep(nested(65)));
  EXPECT_TRUE(is_too_deep(std::string(65, '{')));
}

TEST(JsonDepth, CountsWhatIsOpenNotWhatThereIs) {
  std::string many = "[";
  for (int i = 0; i < 1000; ++i) many += nested(63) + ",";
  EXPECT_FALSE(is_too_deep(many + "0]"));
  EXPECT_TRUE(is_too_deep(many + nested(64) + "]"));
}

TEST(JsonDepth, BracketsInStringsDoNotCount) {
  EXPECT_FALSE(is_too_deep("[\"" + std::string(1000, '[') + "\"]"));
  EXPECT_FALSE(is_too_deep("[\"\\\"" + std::string(1000, '[') + "\"]"));
  EXPECT_TRUE(is_too_deep("[\"\\\\\"," + nested(64) + "]"));
}

}  // namespace
}  // namespace da3::core
