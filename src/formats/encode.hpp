// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <formats/float_formats.hpp>
#include <formats/output_set.hpp>
#include <formats/png16.hpp>
#include <options/options.hpp>

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

/// How files look, where a format leaves a choice.
struct EncodeOptions {
  image::VisOptions vis;       ///< Of vis and side; the range also of grey16
  std::optional<int> preview;  ///< vis and side: the longer side has at most so many pixels
  std::optional<ExrCompression> exr_compression;  ///< Of exr (none) and exr16 (zip)
  ExrChannels exr_channels = ExrChannels::kZ;     ///< Of exr and exr16
};

/// What was asked for. Throws: Error kUsage for a name that does not exist.
EncodeOptions encode_options(const options::Looks& looks);

/// The files of `set` in `formats`. Pure, on the calling thread alone, so that photos are encoded in
/// parallel; the same input gives the same bytes. Throws: Error kUsage for an unknown colour map, kInternal
/// for maps whose sizes differ, a missing photo or camera, kOutOfMemory.
EncodedSet encode(const OutputSet& set, const std::vector<Format>& formats,
                  const EncodeOptions& options = {});

/// Bytes of memory, at most, that making a file of so many pixels takes next to the `maps` (depth,
/// confidence, sky) and the photo, the file among them.
std::uint64_t encoding_bytes(Format format, std::uint64_t pixels, std::uint64_t maps,
                             const EncodeOptions& options);

}  // namespace da3::formats
