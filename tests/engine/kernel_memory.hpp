// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cfenv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

// Inputs of the tests of kernels, and memory that tells who reads it unwritten.
namespace da3::engine::kernels {

inline std::vector<float> random_values(std::size_t count, float spread, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, spread);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// Memory that nobody has written yet: arithmetic with any of it raises FE_INVALID, whatever comes of it.
inline std::vector<float> unwritten(std::int64_t count) {
  return std::vector<float>(static_cast<std::size_t>(count), std::numeric_limits<float>::signaling_NaN());
}

/// Fails where what runs in its scope computes with `unwritten` memory.
class ExpectsWrittenMemory {
 public:
  ExpectsWrittenMemory() { std::feclearexcept(FE_INVALID); }
  ~ExpectsWrittenMemory() { EXPECT_EQ(std::fetestexcept(FE_INVALID), 0) << "scratch is used unwritten"; }
  ExpectsWrittenMemory(const ExpectsWrittenMemory&) = delete;
  ExpectsWrittenMemory& operator=(const ExpectsWrittenMemory&) = delete;
};

}  // namespace da3::engine::kernels
