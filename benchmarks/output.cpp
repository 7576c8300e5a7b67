// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <benchmarks/drawn_photo.hpp>
#include <formats/depth_statistics.hpp>
#include <formats/encode.hpp>

namespace da3::benchmarks {
namespace {

void encode(benchmark::State& state, formats::Format format) {
  formats::OutputSet set;
  set.depth = drawn_depth(size_of(state));
  if (formats::holds_extra_maps(format)) set.confidence = drawn_depth(size_of(state));
  std::size_t bytes = 0;
  for (auto _ : state) {
    formats::EncodedSet encoded = formats::encode(set, {format});
    bytes = encoded.files.front().bytes.size();
    benchmark::DoNotOptimize(bytes);
  }
  count_pixels(state);
  state.counters["file_bytes"] = static_cast<double>(bytes);
}

void statistics(benchmark::State& state) {
  const DepthMap depth = drawn_depth(size_of(state));
  for (auto _ : state) {
    formats::DepthSummary summary = formats::summarise(depth);
    benchmark::DoNotOptimize(summary.finite);
  }
  count_pixels(state);
}

// What a photo of the usual size costs; others scale with the pixels.
void usual_size(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"height", "width"})->Args({720, 1280})->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(encode, png16, formats::Format::kPng16)->Name("output/png16")->Apply(usual_size);
BENCHMARK_CAPTURE(encode, npz, formats::Format::kNpz)->Name("output/npz")->Apply(usual_size);
BENCHMARK_CAPTURE(encode, exr, formats::Format::kExr)->Name("output/exr")->Apply(usual_size);
BENCHMARK_CAPTURE(encode, vis, formats::Format::kVis)->Name("output/vis")->Apply(usual_size);
BENCHMARK(statistics)->Name("output/statistics")->Apply(usual_size);

}  // namespace
}  // namespace da3::benchmarks
