// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <formats/output_set.hpp>

namespace da3::formats {

/// True for formats whose files hold depth values that can be read back (readable_names).
bool is_readable(Format format);

/// The readable format among `formats` that says the most: exact values first, those with further maps before
/// others. None if there is none.
std::optional<Format> best_readable(const std::vector<Format>& formats);

/// Depth, and confidence, sky, camera, kind and unit as far as the file has them, from the bytes of a result
/// file. `name` begins the messages. Throws: Error kImageCorrupt for a file that is no such result,
/// kImageUnsupported for a format that cannot be read, kOutOfMemory.
OutputSet read_result(std::span<const std::uint8_t> bytes, Format format, const std::string& name);

/// Whether `read`, from a file of `format`, can be the map of that kind whose smallest and largest finite
/// value are `ends` (none: it has none): to the rounding of the format.
bool has_ends(const OutputSet& read, Format format, DepthKind kind,
              const std::optional<std::pair<float, float>>& ends);

}  // namespace da3::formats
