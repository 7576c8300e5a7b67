// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <core/host/processor.hpp>
#include <engine/device/devices.hpp>

namespace da3::engine {
namespace {

std::string reason_against(const DeviceId& device) {
  try {
    check_device(device);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDeviceUnavailable);
    return error.what();
  }
  return "";
}

TEST(Devices, TheCpuIsAlwaysThere) {
  EXPECT_EQ(num_devices(DeviceKind::kCpu), 1);
  EXPECT_NO_THROW(check_device({DeviceKind::kCpu, 0}));
}

TEST(Devices, IndexOutOfRangeSaysHowManyThereAre) {
  for (const DeviceKind kind : {DeviceKind::kCuda, DeviceKind::kMps}) {
    const int count = num_devices(kind);
    if (count == 0) continue;
    EXPECT_THAT(reason_against({kind, count}), testing::HasSubstr(std::to_string(count) + " device"));
  }
  EXPECT_THAT(reason_against({DeviceKind::kCpu, 1}), testing::HasSubstr("there is 1 device"));
}

TEST(Devices, AbsentAcceleratorIsRefusedWithTheReason) {
  for (const DeviceKind kind : {DeviceKind::kCuda, DeviceKind::kMps}) {
    if (num_devices(kind) > 0) continue;
    const std::string reason = reason_against({kind, 0});
    EXPECT_THAT(reason, testing::StartsWith("Device " + to_string(DeviceId{kind, 0})));
    EXPECT_THAT(reason, testing::AnyOf(testing::HasSubstr("was built without"), testing::HasSubstr("driver"),
                                       testing::HasSubstr("no GPU is visible"), testing::HasSubstr("Metal")));
  }
}

TEST(Devices, MemoryOfTheCpuIsTheHosts) {
  const core::MemoryState memory = device_memory({DeviceKind::kCpu, 0});
  EXPECT_GT(memory.free_bytes, 0U);
  EXPECT_GE(memory.total_bytes, memory.free_bytes);
}

TEST(Devices, MemoryOfAnAbsentDeviceIsAnErrorNotANumber) {
  if (num_devices(DeviceKind::kCuda) > 0) GTEST_SKIP() << "a CUDA GPU is here";
  EXPECT_THROW(device_memory({DeviceKind::kCuda, 0}), Error);
}

TEST(Processor, FastBf16NeedsHardwareForIt) {
  core::Processor features;
  features.avx512f = true;
  EXPECT_FALSE(features.fast_bf16());
  features.amx_bf16 = true;
  EXPECT_FALSE(features.fast_bf16()) << "AMX products need tiles";
  features.amx_tile = true;
  EXPECT_TRUE(features.fast_bf16());
}

TEST(Processor, NamesWhatIsThere) {
  core::Processor features;
  features.avx2 = true;
  features.arm_bf16 = true;
  EXPECT_THAT(features.names(), testing::ElementsAre("avx2", "arm_bf16"));
}

}  // namespace
}  // namespace da3::engine
