// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <predict/batch_planner.hpp>

namespace da3::benchmarks {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr Size kProcessed{280, 504};

class PlentyOfMemory final : public predict::MemoryProbe {
 public:
  core::MemoryState device(const DeviceId& /*device*/) override { return host(); }
  core::MemoryState host() override { return {16 * kGiB, 24 * kGiB}; }
};

// Each image of a folder costs one such decision: it has to vanish beside a forward.
void decide(benchmark::State& state) {
  PlentyOfMemory memory;
  predict::BatchPlanner planner({}, memory);
  for (auto _ : state) {
    const int batch = planner.next_batch(kProcessed);
    bool changed =
        planner.succeeded(kProcessed, batch, 300.0 * batch, kGiB / 4 * static_cast<std::uint64_t>(batch));
    benchmark::DoNotOptimize(changed);
  }
}

// From an unknown shape to its final batch.
void learn(benchmark::State& state) {
  PlentyOfMemory memory;
  for (auto _ : state) {
    predict::BatchPlanner planner({}, memory);
    for (int i = 0; i < 40; ++i) {
      const int batch = planner.next_batch(kProcessed);
      // A fixed cost and one an image: larger batches gain, as on an accelerator.
      planner.succeeded(kProcessed, batch, 20.0 + 5.0 * batch, kGiB / 16 * static_cast<std::uint64_t>(batch));
    }
    int wanted = planner.wanted_batch(kProcessed);
    benchmark::DoNotOptimize(wanted);
  }
}

BENCHMARK(decide)->Name("infer/batch_planner/decide");
BENCHMARK(learn)->Name("infer/batch_planner/learn");
// Named for the test of the JSON context, which wants one quick benchmark.
BENCHMARK(decide)->Name("smallest/batch_planner");

}  // namespace
}  // namespace da3::benchmarks
