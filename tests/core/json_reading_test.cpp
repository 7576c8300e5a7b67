// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include <core/json_reading.hpp>

namespace da3::core {
namespace {

using nlohmann::json;

template <typename Integer>
std::optional<Integer> whole(const std::string& text) {
  return whole_number<Integer>(json::parse(text));
}

TEST(WholeNumber, IsOneThatTheTypeHolds) {
  EXPECT_EQ(whole<int>("-7"), -7);
  EXPECT_EQ(whole<int>("2147483647"), 2147483647);
  EXPECT_EQ(whole<int>("2147483648"), std::nullopt);
  EXPECT_EQ(whole<std::uint64_t>("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(whole<std::int64_t>("18446744073709551615"), std::nullopt);
  EXPECT_EQ(whole<std::uint64_t>("-1"), std::nullopt);
  EXPECT_EQ(whole<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
}

TEST(WholeNumber, MayBeWrittenWithAPoint) {
  EXPECT_EQ(whole<int>("2.0"), 2);
  EXPECT_EQ(whole<int>("-2e3"), -2000);
  EXPECT_EQ(whole<int>("2.5"), std::nullopt);
  EXPECT_EQ(whole<int>("2147483648.0"), std::nullopt);
  EXPECT_EQ(whole<int>("-2147483648.0"), std::numeric_limits<int>::min());
  EXPECT_EQ(whole<std::uint64_t>("2.5e73"), std::nullopt);
  EXPECT_EQ(whole<std::uint64_t>("18446744073709551616.0"), std::nullopt);
  EXPECT_EQ(whole<std::int64_t>("1e300"), std::nullopt);
  EXPECT_EQ(whole<std::uint64_t>("-0.5"), std::nullopt);
}

TEST(WholeNumber, IsNothingElse) {
  for (const char* const text : {"\"7\"", "true", "null", "[7]", "{}"})
    EXPECT_EQ(whole<int>(text), std::nullopt) << text;
}

TEST(ReadJson, GivesNothingForWhatIsNoJsonOrTooDeep) {
  EXPECT_EQ(read_json("{\"a\": [1]}"), (json{{"a", {1}}}));
  EXPECT_TRUE(read_json("{\"a\":").is_discarded());
  EXPECT_TRUE(read_json("").is_discarded());
  const std::string inner(kMostJsonDepth + 1, '[');
  EXPECT_TRUE(read_json(inner + std::string(kMostJsonDepth + 1, ']')).is_discarded());
  EXPECT_FALSE(read_json(inner.substr(1) + std::string(kMostJsonDepth, ']')).is_discarded());
}

TEST(ParseJson, ThrowsForWhatIsNoJsonOrTooDeep) {
  EXPECT_EQ(parse_json("{\"a\": [1]}"), (json{{"a", {1}}}));
  EXPECT_THROW(parse_json("{\"a\":"), json::exception);
  const std::string inner(kMostJsonDepth + 1, '[');
  EXPECT_THROW(parse_json(inner + std::string(kMostJsonDepth + 1, ']')), json::exception);
}

}  // namespace
}  // namespace da3::core
