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

TEST(ForwardMemory, OfSeveralViewsIsNearAMeasuredPeak) {
  // `peak_bytes` of scenes of 504x336. Of few views the head counts for more, of which own kernels keep less
  // than is estimated.
  const Size size{336, 504};
  const auto near = [&](const char* model, int views, double measured) {
    const auto bytes =
        static_cast<double>(estimate_forward_bytes(weights::catalogue_config(model), size, views));
    EXPECT_NEAR(bytes, measured, 0.3 * measured) << model << ", " << views;
  };
  near("da3-small", 32, 663.5e6);
  near("da3-small", 8, 166.2e6);
  near("da3-base", 4, 158.0e6);
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
