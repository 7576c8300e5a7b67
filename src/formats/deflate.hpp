// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace da3::formats {

/// Bytes packed for a zip entry.
struct Deflated {
  std::vector<std::uint8_t> bytes;  ///< A raw deflate stream
  std::uint64_t original_bytes = 0;
  std::uint32_t crc32 = 0;  ///< Of the original bytes
};

/// `bytes` packed by entropy coding alone. Depth in float32 has next to no repetitions to look for: the
/// search of the levels of zlib costs twice the time for 1 % (docs/output-formats.md, Measurements). Throws:
/// Error kOutOfMemory.
Deflated deflate_floats(std::span<const std::uint8_t> bytes);

}  // namespace da3::formats
