// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/version.h>

#include <engine/cpu_operators.hpp>
#include <engine/devices.hpp>
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

TEST(SystemInfo, NamesWhatIsAbsentWithTheReason) {
  const SystemInfo info = system_info();
  for (const AbsentDevice& device : info.absent) {
    EXPECT_EQ(num_devices(device.id.kind), 0);
    EXPECT_FALSE(device.reason.empty());
  }
  EXPECT_GE(info.absent.size(), 1U) << "no machine has CUDA and MPS";
}

TEST(SystemInfo, TableOfOperatorsHasAPrecisionAndAnAttentionForEveryDevice) {
  const SystemInfo info = system_info();
  std::vector<std::string> purposes;
  for (const OperatorChoice& each : info.operators) purposes.push_back(each.purpose);
  EXPECT_THAT(purposes, testing::IsSupersetOf({"precision, cpu", "attention, cpu, fp32"}));
}

std::string choice_of(const std::vector<OperatorChoice>& table, const std::string& purpose) {
  for (const OperatorChoice& each : table) {
    if (each.purpose == purpose) return each.choice;
  }
  return "no such purpose";
}

TEST(CpuOperators, AreAFunctionOfKernelsBlasAndEngine) {
  const auto own = cpu_operators({.kernels = "avx2", .blas = "mkl", .int8_engine = "onednn"});
  EXPECT_EQ(choice_of(own, "gelu, cpu"), "da3::gelu_ (avx2)");
  EXPECT_EQ(choice_of(own, "3x3 convolutions on small maps, cpu"), "conv2d, channels_last");
  EXPECT_EQ(choice_of(own, "linear layers, cpu, int8"), "linear_dynamic (onednn)");
  const auto bare = cpu_operators({.kernels = "", .blas = "open", .int8_engine = ""});
  for (const OperatorChoice& each : bare) {
    EXPECT_THAT(each.choice, testing::Not(testing::HasSubstr("da3::"))) << each.purpose;
  }
  EXPECT_EQ(choice_of(bare, "linear layers, cpu, int8"), "none");
  EXPECT_EQ(choice_of(bare, "linear layers, cpu, fp32"), "linear, addmm_ (open)");
}

TEST(SystemInfo, ListsTheOperatorsOfTheCpu) {
  const std::vector<OperatorChoice> expected = cpu_operators(cpu_operator_facts());
  const SystemInfo info = system_info();
  for (const OperatorChoice& each : expected) EXPECT_EQ(choice_of(info.operators, each.purpose), each.choice);
}

TEST(MemoryProbe, CpuAndHostAreTheSameMemory) {
  const auto probe = make_memory_probe();
  EXPECT_EQ(probe->device({DeviceKind::kCpu, 0}).total_bytes, probe->host().total_bytes);
}

}  // namespace
}  // namespace da3::engine
