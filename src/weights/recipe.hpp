// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

// The weight recipe (docs/model-format.md): every tensor from its name, its shape and a seed, the same bits
// everywhere.
namespace da3::weights {

/// Values of a tensor lie in [offset - amplitude, offset + amplitude).
struct RecipeRange {
  float offset = 0;
  float amplitude = 0;
};

/// FNV-1a, 64 bits, of the tensor's name.
std::uint64_t recipe_hash(std::string_view name);

/// Offset and amplitude by the tensor's name (with its `model.` prefix) and shape; the first rule that fits
/// decides.
RecipeRange recipe_range(std::string_view name, std::span<const std::int64_t> shape);

/// Fills `values`, row-major, with the tensor `name` of `shape` for `seed`.
/// Threads: works on up to `threads` at once (0: all cores); the result does not depend on it.
/// Throws: Error kInternal if `values` is not as large as `shape`.
void fill_recipe(std::span<float> values, std::string_view name, std::span<const std::int64_t> shape,
                 std::uint64_t seed, int threads = 0);

/// The picture of a self-test: (height, width, 3) uint8 RGB; element i in row-major order is the top 8 bits
/// of the recipe's mixed hash of the name "selftest" at i.
std::vector<std::uint8_t> selftest_picture(int height, int width, std::uint64_t seed);

}  // namespace da3::weights
