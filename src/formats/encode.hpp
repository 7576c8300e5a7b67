// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <formats/output_set.hpp>
#include <formats/png16.hpp>

#include <image/colormap.hpp>

namespace da3::formats {

/// The bytes of one result file.
struct EncodedFile {
  Format format = Format::kPng16;
  std::vector<std::uint8_t> bytes;
};

/// All files of one photo, ready to be written.
struct EncodedSet {
  std::vector<EncodedFile> files;   ///< In the order of the formats asked for
  std::optional<Png16Scale> png16;  ///< Set if Format::kPng16 is among them
};

/// The files of `set` in `formats`. Pure, on the calling thread alone, so that photos are encoded in
/// parallel; the same input gives the same bytes. Throws: Error kUsage for an unknown colour map, kInternal
/// for maps whose sizes differ or a missing photo, kOutOfMemory.
EncodedSet encode(const OutputSet& set, const std::vector<Format>& formats,
                  const image::VisOptions& vis = {});

}  // namespace da3::formats
