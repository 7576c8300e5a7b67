// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/version.h>

#include <engine/device/devices.hpp>
#include <engine/device/system_info.hpp>
#include <engine/engine.hpp>
#include <engine/operators/cpu_operators.hpp>

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

CpuOperatorFacts zen3() {
  return {.cpu = {.vendor = "AuthenticAMD", .avx2 = true, .fma = true},
          .kernels = "avx2",
          .blas = "mkl",
          .onednn = true,
          .int8_engine = "onednn"};
}

CpuOperatorFacts zen5() {
  CpuOperatorFacts facts = zen3();
  facts.kernels = "avx512";
  facts.bf16_attention = true;
  facts.cpu.avx512f = facts.cpu.avx512_vnni = facts.cpu.avx512_bf16 = true;
  return facts;
}

TEST(CpuOperators, PrintedTableIsAFunctionOfTheFacts) {
  const auto own = cpu_operators(zen3());
  EXPECT_EQ(choice_of(own, "gelu, cpu"), "da3::gelu_ (avx2)");
  EXPECT_EQ(choice_of(own, "3x3 convolutions on smaller maps, cpu"), "conv2d, channels_last");
  EXPECT_EQ(choice_of(own, "linear layers of the blocks, cpu, int8"), "linear_dynamic, 7-bit inputs");
  EXPECT_EQ(choice_of(own, "linear layers of the blocks, cpu, bf16"), "none");
  EXPECT_EQ(choice_of(own, "matrix products, cpu, fp32"), "linear, addmm_ (BLAS)");
  const auto wide = cpu_operators(zen5());
  EXPECT_EQ(choice_of(wide, "linear layers of the blocks, cpu, int8"), "linear_dynamic, 8-bit inputs");
  EXPECT_EQ(choice_of(own, "attention core, cpu, bf16"), "as for fp32");
  EXPECT_EQ(choice_of(wide, "attention core, cpu, bf16"), "da3::attention_bf16 (avx512_bf16)");
  EXPECT_EQ(choice_of(wide, "matrix products, cpu, fp32"), "da3::linear (avx512)");
  CpuOperatorFacts without_kernels = zen5();
  without_kernels.kernels.clear();
  EXPECT_EQ(choice_of(cpu_operators(without_kernels), "matrix products, cpu, fp32"),
            "mkldnn::_linear_pointwise (oneDNN)");
  const auto bare = cpu_operators({.blas = "open"});
  for (const OperatorChoice& each : bare) {
    EXPECT_THAT(each.choice, testing::Not(testing::HasSubstr("da3::"))) << each.purpose;
    EXPECT_NE(each.reason, "") << each.purpose;
  }
  EXPECT_EQ(choice_of(bare, "linear layers of the blocks, cpu, int8"), "none");
}

TEST(CpuOperators, EveryPartHasOneLine) {
  for (const CpuOperatorFacts& facts : {zen3(), zen5(), CpuOperatorFacts{}}) {
    std::vector<std::string> purposes;
    for (const OperatorChoice& each : cpu_operators(facts)) purposes.push_back(each.purpose);
    EXPECT_EQ(purposes.size(), 13U);
    std::sort(purposes.begin(), purposes.end());
    EXPECT_EQ(std::adjacent_find(purposes.begin(), purposes.end()), purposes.end());
  }
}

TEST(CpuOperators, ModulesAreLoweredAsTheTableSays) {
  const Lowering old = cpu_lowering(zen3(), Precision::kFp32);
  EXPECT_TRUE(old.own_kernels);
  EXPECT_FALSE(old.onednn_products);
  EXPECT_EQ(old.block_products, BlockProducts::kFloat);
  EXPECT_TRUE(cpu_lowering(zen5(), Precision::kFp32).own_products);
  EXPECT_FALSE(old.own_products);
  CpuOperatorFacts intel = zen5();
  intel.cpu.vendor = "GenuineIntel";
  EXPECT_FALSE(cpu_lowering(intel, Precision::kFp32).own_products) << "MKL is at home there";
  EXPECT_FALSE(cpu_lowering(intel, Precision::kFp32).onednn_products) << "MKL is at home there";
  intel.blas = "open";
  EXPECT_TRUE(cpu_lowering(intel, Precision::kFp32).own_products);
  intel.kernels.clear();
  EXPECT_TRUE(cpu_lowering(intel, Precision::kFp32).onednn_products);
  intel.onednn = false;
  EXPECT_FALSE(cpu_lowering(intel, Precision::kFp32).onednn_products);
  const Lowering bare = cpu_lowering({}, Precision::kFp32);
  EXPECT_FALSE(bare.own_kernels || bare.onednn_products || bare.own_products || bare.full_int8_range);
}

TEST(CpuOperators, LowPrecisionChangesBlocksAndHead) {
  EXPECT_FALSE(cpu_lowering(zen3(), Precision::kInt8).full_int8_range);
  const Lowering int8 = cpu_lowering(zen5(), Precision::kInt8);
  EXPECT_EQ(int8.block_products, BlockProducts::kInt8);
  EXPECT_TRUE(int8.full_int8_range && int8.own_kernels && int8.own_products);
  EXPECT_EQ(cpu_lowering(zen5(), Precision::kBf16).block_products, BlockProducts::kBf16);
  EXPECT_TRUE(cpu_lowering(zen5(), Precision::kBf16).bf16_attention);
  EXPECT_FALSE(int8.bf16_attention) << "there is none in 8 bits";
  EXPECT_FALSE(cpu_lowering(zen5(), Precision::kFp32).bf16_attention);
  EXPECT_FALSE(cpu_lowering(zen3(), Precision::kInt8).bf16_attention);
  CpuOperatorFacts switched_off = zen5();
  switched_off.kernels.clear();
  EXPECT_FALSE(cpu_lowering(switched_off, Precision::kInt8).bf16_attention);
  CpuOperatorFacts own = zen5();
  own.int16_products = "avx512_vnni";
  EXPECT_TRUE(cpu_lowering(own, Precision::kInt8).int16_ends &&
              cpu_lowering(own, Precision::kInt8).int8_head);
  EXPECT_FALSE(cpu_lowering(own, Precision::kBf16).int8_head);
  EXPECT_TRUE(cpu_lowering(own, Precision::kBf16).int16_ends)
      << "as exact as TF32, the original's head on CUDA";
  EXPECT_FALSE(cpu_lowering(own, Precision::kFp32).int16_ends);
  EXPECT_FALSE(int8.int16_ends);
  own.int8_attention = true;
  EXPECT_TRUE(cpu_lowering(own, Precision::kInt8).int8_attention &&
              cpu_lowering(own, Precision::kInt8).bf16_attention);
  CpuOperatorFacts client = zen3();
  client.int8_attention = true;
  EXPECT_TRUE(cpu_lowering(client, Precision::kInt8).int8_attention);
  EXPECT_FALSE(cpu_lowering(client, Precision::kInt8).bf16_attention) << "it has none";
  EXPECT_FALSE(cpu_lowering(own, Precision::kBf16).int8_attention);
  EXPECT_FALSE(int8.int8_attention);
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
