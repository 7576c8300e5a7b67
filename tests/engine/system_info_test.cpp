// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/version.h>

#include <engine/engine.hpp>
#include <engine/system_info.hpp>

namespace da3::engine {
namespace {

TEST(SystemInfo, NamesLibTorchCpuAndEveryDevice) {
  const SystemInfo info = system_info();
  EXPECT_EQ(info.libtorch_version, TORCH_VERSION);
  EXPECT_FALSE(info.blas.empty());
  EXPECT_FALSE(info.cpu_capability.empty());
  EXPECT_GE(info.threads, 1);
  ASSERT_EQ(info.devices.size(), available_devices().size());
  EXPECT_EQ(info.devices.back().id.kind, DeviceKind::kCpu);
  ASSERT_TRUE(info.devices.back().memory);
  EXPECT_GT(info.devices.back().memory->free_bytes, 0U);
}

TEST(SystemInfo, TableOfOperatorsHasAPrecisionAndAnAttentionForEveryDevice) {
  const SystemInfo info = system_info();
  std::vector<std::string> purposes;
  for (const OperatorChoice& each : info.operators) purposes.push_back(each.purpose);
  EXPECT_THAT(purposes, testing::IsSupersetOf({"precision, cpu", "attention, cpu, fp32"}));
}

TEST(MemoryProbe, CpuAndHostAreTheSameMemory) {
  const auto probe = make_memory_probe();
  EXPECT_EQ(probe->device({DeviceKind::kCpu, 0}).total_bytes, probe->host().total_bytes);
}

}  // namespace
}  // namespace da3::engine
