// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <image/nearness_histogram.hpp>

namespace da3::image {
namespace {

TEST(NearnessHistogram, FindsPercentilesWithinABin) {
  NearnessHistogram histogram;
  DepthMap map{{1, 1000}, {}};
  for (int i = 1; i <= 1000; ++i)
    map.values.push_back(1000.0F / static_cast<float>(i));  // Inverse depth i / 1000
  histogram.add(map);
  EXPECT_NEAR(histogram.percentile(2), 0.02, 0.02 * 0.01);
  EXPECT_NEAR(histogram.percentile(50), 0.5, 0.5 * 0.01);
  EXPECT_NEAR(histogram.percentile(98), 0.98, 0.98 * 0.01);
  const auto range = range_of(histogram);
  ASSERT_TRUE(range);
  EXPECT_NEAR(range->first, 1 / 0.98, 0.02);
  EXPECT_NEAR(range->second, 50, 0.6);
}

TEST(NearnessHistogram, MergedPartsAreTheWholeInAnyOrder) {
  const DepthMap a{{1, 3}, {1, 2, 3}};
  const DepthMap b{{1, 2}, {0.5F, 40}};
  NearnessHistogram whole;
  whole.add(a);
  whole.add(b);
  NearnessHistogram first;
  first.add(b);
  NearnessHistogram second;
  second.add(a);
  second.add(first);
  EXPECT_EQ(whole.counts(), second.counts());
}

TEST(NearnessHistogram, PassesOverWhatIsNoDepthAndWidensOneDepth) {
  NearnessHistogram histogram;
  histogram.add(
      {{1, 4}, {0, -1, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}});
  EXPECT_TRUE(histogram.empty());
  EXPECT_FALSE(range_of(histogram));
  histogram.add({{1, 2}, {2, 2}});
  const auto range = range_of(histogram);
  ASSERT_TRUE(range);
  EXPECT_NEAR(range->first, 1, 0.02);
  EXPECT_NEAR(range->second, 4, 0.05);
}

}  // namespace
}  // namespace da3::image
