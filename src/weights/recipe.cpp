// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <system_error>
#include <thread>

#include <da3/error.hpp>

#include <weights/recipe.hpp>

namespace da3::weights {
namespace {

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
/// Below this a thread costs more than it saves.
constexpr std::size_t kElementsPerThread = std::size_t{1} << 18;

/// SplitMix64's output function (Steele, Lea, Flood 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EB;
  return x ^ (x >> 31U);
}

/// Elements [first, first + values.size()) of a tensor whose element i mixes start + i * kGolden.
void fill_part(std::span<float> values, std::uint64_t start, std::uint64_t first, RecipeRange range) {
  const double offset = range.offset;
  const double amplitude = range.amplitude;
  std::uint64_t state = start + first * kGolden;
  for (float& value : values) {
    const auto integer = static_cast<std::int32_t>(mix(state) >> 40U) - (std::int32_t{1} << 23U);
    // Exact in double up to the sum, so that fused multiply-add or not gives the same bits.
    value = static_cast<float>(offset + amplitude * (static_cast<double>(integer) * 0x1p-23));
    state += kGolden;
  }
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

RecipeRange fan_in_range(std::string_view name, std::span<const std::int64_t> shape) {
  const bool transposed = name.find("resize_layers.0.") != std::string_view::npos ||
                          name.find("resize_layers.1.") != std::string_view::npos;
  double fan_in = 1;
  if (transposed) {
    fan_in = static_cast<double>(shape[0]);
  } else {
    for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= static_cast<double>(shape[i]);
  }
  double gain = 3.0;
  if (name.ends_with("attn.qkv.weight")) {
    gain = 6.0;
  } else if (ends_with_any(name, {".output_conv2.2.weight", "fc_fov.0.weight"})) {
    gain = 0.3;
  }
  return {.offset = 0, .amplitude = static_cast<float>(std::sqrt(gain / fan_in))};
}

}  // namespace

std::uint64_t recipe_hash(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3;
  return hash;
}

RecipeRange recipe_range(std::string_view name, std::span<const std::int64_t> shape) {
  if (name.ends_with(".gamma")) return {.offset = 0.35F, .amplitude = 0.15F};
  if (ends_with_any(name, {"cls_token", "camera_token", "pos_embed"}))
    return {.offset = 0, .amplitude = 0.5F};
  if (ends_with_any(name, {"q_norm.weight", "k_norm.weight"})) return {.offset = 1.5F, .amplitude = 0.3F};
  if (name.ends_with("fc_fov.0.bias")) return {.offset = 1, .amplitude = 0.05F};
  if (name.ends_with(".bias")) return {.offset = 0, .amplitude = 0.05F};
  if (shape.size() <= 1) return {.offset = 1, .amplitude = 0.1F};
  return fan_in_range(name, shape);
}

void fill_recipe(std::span<float> values, std::string_view name, std::span<const std::int64_t> shape,
                 std::uint64_t seed, int threads) {
  std::size_t count = 1;
  for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
  if (count != values.size()) {
    throw Error(ErrorCode::kInternal, "tensor '" + std::string(name) + "' has " + std::to_string(count) +
                                          " elements, not " + std::to_string(values.size()));
  }
  const RecipeRange range = recipe_range(name, shape);
  const std::uint64_t start = recipe_hash(name) + seed * kGolden;
  const std::size_t wanted =
      threads > 0 ? static_cast<std::size_t>(threads) : std::thread::hardware_concurrency();
  const std::size_t parts =
      std::clamp<std::size_t>(count / kElementsPerThread, 1, std::max<std::size_t>(wanted, 1));
  const auto fill = [&](std::size_t part) {
    const std::size_t first = count * part / parts;
    const std::size_t last = count * (part + 1) / parts;
    fill_part(values.subspan(first, last - first), start, first, range);
  };
  std::vector<std::thread> workers;
  workers.reserve(parts);
  for (std::size_t part = 1; part < parts; ++part) {
    try {
      workers.emplace_back(fill, part);
    } catch (const std::system_error&) {
      fill(part);  // The system gives no further thread: slower, not wrong.
    }
  }
  fill(0);
  for (std::thread& worker : workers) worker.join();
}

std::vector<std::uint8_t> selftest_picture(int height, int width, std::uint64_t seed) {
  const std::uint64_t start = recipe_hash("selftest") + seed * kGolden;
  std::vector<std::uint8_t> picture(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3);
  for (std::size_t i = 0; i < picture.size(); ++i) {
    picture[i] = static_cast<std::uint8_t>(mix(start + i * kGolden) >> 56U);
  }
  return picture;
}

}  // namespace da3::weights
