// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <scene/mixed_bits.hpp>
#include <scene/samples.hpp>

namespace da3::scene {

Samples draw_samples(std::size_t tries, std::size_t size, std::size_t count, std::uint64_t seed) {
  Samples samples(tries);
  std::uint64_t state = mixed_bits(seed);
  for (std::vector<std::size_t>& sample : samples) {
    while (sample.size() < size) {
      // The upper half of a product of 32 bits each is uniform to 1 in 2^32 / count.
      state = mixed_bits(state);
      const std::size_t index = ((state >> 32U) * static_cast<std::uint64_t>(count)) >> 32U;
      if (std::find(sample.begin(), sample.end(), index) == sample.end()) sample.push_back(index);
    }
  }
  return samples;
}

}  // namespace da3::scene
