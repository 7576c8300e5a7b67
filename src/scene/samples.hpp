// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace da3::scene {

/// Tries of a robust fit: each a list of different indices.
using Samples = std::vector<std::vector<std::size_t>>;

/// `tries` samples of `size` different indices below `count`, the same for the same arguments.
/// Needs size <= count.
Samples draw_samples(std::size_t tries, std::size_t size, std::size_t count, std::uint64_t seed);

}  // namespace da3::scene
