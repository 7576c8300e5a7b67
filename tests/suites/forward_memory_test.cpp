// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <suites/forward_memory.hpp>

namespace da3::suites {
namespace {

constexpr Size kPhoto{378, 504};

TEST(ForwardMemory, IsNearAMeasuredPeak) {
  // 71.0 MB above the tables of this size (25.0 MB), counted by the engine's allocator; fused attention.
  const auto estimate = estimate_forward_bytes(weights::catalogue_config("da3-small"), kPhoto);
  EXPECT_NEAR(static_cast<double>(estimate), 96e6, 10e6);
}

TEST(ForwardMemory, GrowsWithViewsLessThanInProportion) {
  const auto config = weights::catalogue_config("da3-base");
  const auto one = estimate_forward_bytes(config, kPhoto, 1);
  const auto four = estimate_forward_bytes(config, kPhoto, 4);
  EXPECT_GT(four, 2 * one);
  EXPECT_LT(four, 4 * one) << "tables are shared and the last maps are made view by view";
}

TEST(ForwardMemory, NestedModelsKeepTheFeaturesOfBothBranches) {
  EXPECT_GT(estimate_forward_bytes(weights::catalogue_config("da3nested-giant-large"), kPhoto),
            estimate_forward_bytes(weights::catalogue_config("da3-giant"), kPhoto));
}

TEST(ForwardMemory, UnknownNetworksHaveNoEstimate) {
  EXPECT_FALSE(estimate_forward_bytes(ModelSpec{}, kPhoto).has_value());
}

}  // namespace
}  // namespace da3::suites
