// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <tests/testing/temporary_folder.hpp>

#include <weights/model_config.hpp>
#include <weights/recipe.hpp>
#include <weights/safetensors.hpp>
#include <weights/tensor_list.hpp>

namespace da3::benchmarks {
namespace {

// A header as long as the published file's. Opening reads only that, so every tensor has one value here.
void write_header_of(const std::string& model, const std::filesystem::path& file) {
  static constexpr std::array<std::byte, 4> kValue{};
  std::vector<weights::TensorView> tensors;
  for (const weights::TensorEntry& entry : weights::tensor_list(weights::catalogue_config(model))) {
    tensors.push_back(
        {entry.name, weights::Dtype::kF32, std::vector<std::int64_t>(entry.shape.size(), 1), kValue});
  }
  weights::write_safetensors(file, tensors);
}

void safetensors_open(benchmark::State& state, const std::string& model) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "model.safetensors";
  write_header_of(model, file);
  std::size_t count = 0;
  for (auto _ : state) {
    const weights::Safetensors opened = weights::Safetensors::open(file);
    count = opened.tensors().size();
    benchmark::DoNotOptimize(count);
  }
  state.counters["tensors"] = static_cast<double>(count);
}

void recipe(benchmark::State& state) {
  constexpr std::int64_t kRows = 1024;
  constexpr std::int64_t kColumns = 1024;
  const std::array<std::int64_t, 2> shape{kRows, kColumns};
  std::vector<float> values(kRows * kColumns);
  for (auto _ : state) {
    weights::fill_recipe(values, "model.backbone.pretrained.blocks.0.mlp.fc1.weight", shape, 1,
                         static_cast<int>(state.range(0)));
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations() * kRows * kColumns);
}

BENCHMARK_CAPTURE(safetensors_open, small, "da3-small")
    ->Name("weights/safetensors_open/da3-small")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(safetensors_open, giant, "da3-giant")
    ->Name("weights/safetensors_open/da3-giant")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(recipe)
    ->Name("weights/recipe")
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(0)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace da3::benchmarks
