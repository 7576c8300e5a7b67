// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/bench_workloads.hpp>

namespace da3::engine {
namespace {

constexpr DeviceId kCpu{};

TEST(BenchWorkloads, AttentionRunsInBothModesAsTheNetworksHaveIt) {
  const AttentionShape shape{.tokens = 600, .heads = 3, .head_dim = 64};
  std::uint64_t peaks[2] = {};
  for (const Attention mode : {Attention::kSdpa, Attention::kManual}) {
    const auto work = make_attention_workload(kCpu, Precision::kFp32, mode, shape, 1);
    for (int i = 0; i < 3; ++i) work->run_layer();
    EXPECT_GT(*work->peak_bytes(), 0U);
    work->run_core();
    peaks[mode == Attention::kSdpa ? 0 : 1] = *work->peak_bytes();
    EXPECT_EQ(work->backend() == "manual", mode == Attention::kManual);
  }
  // Written out, the scores of every head are in memory at once: far more than a kernel's scratch at this
  // length.
  EXPECT_GE(peaks[1], 3U * 600U * 600U * 4U);
  EXPECT_GT(peaks[1], peaks[0]);
}

TEST(BenchWorkloads, MatrixProductsCountTheirOperations) {
  const MatmulWorkload work = make_matmul_workload(kCpu, Precision::kFp32, 1);
  work.run();
  work.synchronize();
  EXPECT_EQ(work.flops, 2.0 * 1536 * 1536 * 1536);
}

TEST(BenchWorkloads, WhatCannotRunHereIsSaid) {
  EXPECT_THROW(make_matmul_workload(kCpu, Precision::kInt8, 1), Error);
  EXPECT_THROW(
      make_attention_workload({DeviceKind::kCuda, 99}, Precision::kFp32, Attention::kSdpa, {20, 2, 64}, 1),
      Error);
}

}  // namespace
}  // namespace da3::engine
