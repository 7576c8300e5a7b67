// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/precision.hpp>

namespace da3::engine {
namespace {

using ::testing::HasSubstr;

PrecisionFacts own_on(DeviceKind kind, int compute_capability = 0) {
  PrecisionFacts facts;
  facts.device = {kind, 0};
  facts.compute_capability = compute_capability;
  facts.own_network = true;
  return facts;
}

std::string refusal(Precision wanted, const PrecisionFacts& facts) {
  try {
    choose_precision(wanted, facts);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPrecisionUnsupported);
    return error.what();
  }
  ADD_FAILURE() << to_string(wanted) << " was taken";
  return "";
}

TEST(ChoosePrecision, DefaultsFollowTheDevice) {
  EXPECT_EQ(choose_precision({}, own_on(DeviceKind::kCpu)), Precision::kFp32);
  EXPECT_EQ(choose_precision({}, own_on(DeviceKind::kMps)), Precision::kFp32);
  EXPECT_EQ(choose_precision({}, own_on(DeviceKind::kCuda, 90)), Precision::kBf16);
  EXPECT_EQ(choose_precision({}, own_on(DeviceKind::kCuda, 75)), Precision::kFp16);
}

TEST(ChoosePrecision, ForeignNetworksStayInFp32) {
  PrecisionFacts facts = own_on(DeviceKind::kCuda, 90);
  facts.own_network = false;
  EXPECT_EQ(choose_precision({}, facts), Precision::kFp32);
  EXPECT_THAT(refusal(Precision::kFp16, facts), HasSubstr("Possible: fp32"));
}

TEST(ChoosePrecision, Bf16OnACpuNeedsHardware) {
  PrecisionFacts facts = own_on(DeviceKind::kCpu);
  EXPECT_THAT(refusal(Precision::kBf16, facts), AllOf(HasSubstr("AVX512_BF16"), HasSubstr("Possible: fp32")));
  facts.cpu.avx512_bf16 = true;
  EXPECT_EQ(choose_precision(Precision::kBf16, facts), Precision::kBf16);
  EXPECT_THAT(refusal(Precision::kFp16, facts), HasSubstr("Possible: fp32, bf16"));
}

TEST(ChoosePrecision, Bf16OnAnOldGpuIsRefused) {
  EXPECT_THAT(refusal(Precision::kBf16, own_on(DeviceKind::kCuda, 75)), HasSubstr("Possible: fp32, fp16"));
  EXPECT_EQ(choose_precision(Precision::kBf16, own_on(DeviceKind::kCuda, 80)), Precision::kBf16);
}

}  // namespace
}  // namespace da3::engine
