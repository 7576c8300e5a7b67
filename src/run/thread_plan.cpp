// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <run/run.hpp>

namespace da3::run {

// Measured on two cores: with two threads decoding without pause a forward on both cores takes 1.9 times as
// long, since every parallel region waits for its slowest thread. Taking turns on all cores costs neither
// side anything, whatever the ratio of their work, so a CPU alternates unless the user leaves cores for the
// host's work.
ThreadPlan plan_threads(DeviceKind device, int cores, int threads, int decode_threads) {
  cores = std::max(1, cores);
  ThreadPlan plan;
  if (device != DeviceKind::kCpu) {
    plan.inference = threads > 0 ? threads : 1;
    plan.host = decode_threads > 0 ? decode_threads : std::max(1, cores - 1);
    return plan;
  }
  plan.inference = threads > 0 ? threads : cores;
  plan.host = decode_threads > 0 ? decode_threads : std::min(plan.inference, cores);
  const bool chosen = threads > 0 && decode_threads > 0;
  plan.alternate = !chosen || plan.inference + plan.host > cores;
  return plan;
}

int host_threads_within(int host, std::size_t descriptors) {
  constexpr std::size_t kEach = 2;
  constexpr std::size_t kOther = 6;  // Manifest, claims, a folder that is listed, what is asked of the system
  const std::size_t most = descriptors > kOther ? (descriptors - kOther) / kEach : 0;
  return std::max(1, static_cast<int>(std::min(most, static_cast<std::size_t>(host))));
}

}  // namespace da3::run
