// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <formats/output_set.hpp>

#include <core/npy.hpp>
#include <image/intrinsics.hpp>

// What the readers of result files share. `name` begins the messages.
namespace da3::formats {

using FileBytes = std::span<const std::uint8_t>;

/// Throws: Error kImageCorrupt.
[[noreturn]] void refuse_file(const std::string& name, const std::string& what);

/// No packing of the formats makes more bytes of one: deflate's most, which the others do not reach.
inline constexpr std::uint64_t kMostUnpacked = 1033;

/// Sides of a map that its file can hold. Throws: Error kImageCorrupt.
Size checked_size(const std::string& name, long long height, long long width, std::uint64_t bytes,
                  std::size_t pixel_bytes);

/// float32 values, row by row. `data` holds as many as `size` has pixels.
DepthMap floats_of(FileBytes data, Size size, bool big_endian = false);

/// The array of an npy file. Throws: Error kImageCorrupt.
NpyView npy_of(FileBytes bytes, const std::string& name);
/// The same as a map of float32. Throws: Error kImageCorrupt.
DepthMap map_of_npy(FileBytes bytes, const std::string& name);

/// "fx fy cx cy"; none for another text.
std::optional<image::Intrinsics> camera_of_text(const std::string& text);

/// Kind and unit as a file names them; other texts change nothing.
void take_facts(OutputSet& set, const std::string& kind, const std::string& unit);

}  // namespace da3::formats
