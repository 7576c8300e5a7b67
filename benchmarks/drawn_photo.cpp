// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include <benchmarks/drawn_photo.hpp>

namespace da3::benchmarks {
namespace {

constexpr int kBlock = 40;

// Xorshift (Marsaglia 2003).
std::uint32_t next(std::uint32_t& state) {
  state ^= state << 13U;
  state ^= state >> 17U;
  state ^= state << 5U;
  return state;
}

int slope(Size size, int y, int x) {
  return 160 * y / size.height + 40 * x / size.width;
}

int step(int y, int x) {
  return (x / kBlock + y / kBlock) % 3;
}

}  // namespace

Image drawn_photo(Size size) {
  Image photo{size, std::vector<std::uint8_t>(3 * size.area())};
  std::uint32_t state = 0x9E3779B9U;
  std::size_t at = 0;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const int grey = slope(size, y, x) + 18 * step(y, x) + static_cast<int>(next(state) >> 29U);
      for (int c = 0; c < 3; ++c) photo.rgb[at++] = static_cast<std::uint8_t>(std::min(255, grey + 12 * c));
    }
  }
  return photo;
}

DepthMap drawn_depth(Size size) {
  DepthMap depth{size, std::vector<float>(size.area())};
  std::uint32_t state = 0x9E3779B9U;
  std::size_t at = 0;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const float noise = static_cast<float>(next(state) >> 8U) * 0x1p-24F;
      depth.values[at++] = 1 + 0.04F * static_cast<float>(slope(size, y, x)) +
                           static_cast<float>(step(y, x)) / 2 + 0.01F * noise;
    }
  }
  return depth;
}

void photo_sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"height", "width"})->Args({480, 640})->Args({1080, 1920})->Args({2160, 3840});
  benchmark->Unit(benchmark::kMillisecond);
}

Size size_of(const benchmark::State& state) {
  return {static_cast<int>(state.range(0)), static_cast<int>(state.range(1))};
}

void count_pixels(benchmark::State& state) {
  const double pixels = static_cast<double>(state.iterations()) * static_cast<double>(size_of(state).area());
  state.counters["Mpx"] = benchmark::Counter(1e-6 * pixels, benchmark::Counter::kIsRate);
}

}  // namespace da3::benchmarks
