// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <formats/depth_statistics.hpp>
#include <formats/encode.hpp>
#include <formats/fixtures.hpp>
#include <gtest/gtest.h>

namespace da3::formats {
namespace {

/// numpy.percentile with its default, by sorting.
double percentile(std::vector<float> values, double fraction) {
  std::sort(values.begin(), values.end());
  const double position = fraction * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(position));
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (static_cast<double>(values[high]) - values[low]) * (position - std::floor(position));
}

TEST(DepthStatistics, AreThoseOfTheSortedValues) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    const DepthMap map = random_map(101, 97, seed, -5.0F, 40.0F);
    const DepthSummary summary = summarise(map);
    ASSERT_TRUE(summary.values);
    EXPECT_EQ(summary.values->min, percentile(map.values, 0));
    EXPECT_DOUBLE_EQ(summary.values->p2, percentile(map.values, 0.02));
    EXPECT_DOUBLE_EQ(summary.values->median, percentile(map.values, 0.5));
    EXPECT_DOUBLE_EQ(summary.values->p98, percentile(map.values, 0.98));
    EXPECT_EQ(summary.values->max, percentile(map.values, 1));
    EXPECT_EQ(summary.finite, 1.0);
  }
}

TEST(DepthStatistics, OfOneAndTwoValuesAreInterpolated) {
  EXPECT_EQ(summarise({{1, 1}, {3.0F}}).values, (DepthStatistics{3, 3, 3, 3, 3}));
  const auto two = summarise({{1, 2}, {3.0F, 1.0F}}).values;
  ASSERT_TRUE(two);
  EXPECT_DOUBLE_EQ(two->p2, 1.04);
  EXPECT_DOUBLE_EQ(two->median, 2.0);
  EXPECT_DOUBLE_EQ(two->p98, 2.96);
}

TEST(DepthStatistics, LeaveOutValuesThatAreNotFinite) {
  const DepthSummary summary = summarise({{1, 5}, {kNan, 2.0F, kInfinity, -kInfinity, 4.0F}});
  ASSERT_TRUE(summary.values);
  EXPECT_EQ(summary.values->min, 2.0);
  EXPECT_EQ(summary.values->max, 4.0);
  EXPECT_DOUBLE_EQ(summary.finite, 0.4);
}

TEST(DepthStatistics, OfNoFiniteValueAreNone) {
  const DepthSummary summary = summarise({{1, 2}, {kNan, kInfinity}});
  EXPECT_FALSE(summary.values);
  EXPECT_EQ(summary.finite, 0.0);
}

TEST(DepthStatistics, LeaveTheSameRangesAsTheFormatsFindThemselves) {
  OutputSet results;
  results.depth = random_map(101, 97, 3, -1.0F, 40.0F);
  results.depth.values[5] = kNan;
  OutputSet untouched = results;
  const DepthSummary summary = summarise(results, {Format::kPng16, Format::kVis});
  EXPECT_EQ(summary.values, summarise(untouched.depth).values);
  ASSERT_TRUE(results.extent && results.near_range);
  const std::vector<Format> formats{Format::kPng16, Format::kGrey16, Format::kVis, Format::kVisJpeg};
  const EncodedSet with = encode(results, formats);
  const EncodedSet without = encode(untouched, formats);
  for (std::size_t i = 0; i < formats.size(); ++i)
    EXPECT_EQ(with.files[i].bytes, without.files[i].bytes) << i;
  summarise(untouched, {Format::kPng16});
  EXPECT_FALSE(untouched.near_range);
}

TEST(DepthStatistics, OfTiesAndOfValuesInOneBinAreExact) {
  DepthMap map{{10, 100}, std::vector<float>(1000, 1.0F)};
  for (std::size_t i = 0; i < 1000; ++i)
    map.values[i] = std::nextafter(1.0F, 2.0F) + static_cast<float>(i % 7) * 0x1p-23F;
  const auto values = summarise(map).values;
  ASSERT_TRUE(values);
  EXPECT_EQ(values->median, percentile(map.values, 0.5));
  EXPECT_EQ(values->max, percentile(map.values, 1));
}

}  // namespace
}  // namespace da3::formats
