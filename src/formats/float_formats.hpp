// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <da3/image.hpp>

namespace da3::formats {

/// Maps of one size by name.
using NamedMaps = std::vector<std::pair<std::string, const DepthMap*>>;

/// An array of an npy file: its bytes are little endian, in C order.
struct NpyArray {
  std::string type;  ///< NumPy's descr: "<f4", "<f8", "|u1", "<i4", "<U12"
  std::vector<std::size_t> shape;
  std::vector<std::uint8_t> data;
};

/// An npy file, version 1.0. Throws: Error kInternal for a header above 64 KiB.
std::vector<std::uint8_t> encode_npy(const NpyArray& array);

/// An npz file as below, of any arrays.
std::vector<std::uint8_t> encode_npz(const std::vector<std::pair<std::string, NpyArray>>& arrays);

/// An npy file, version 1.0: (H, W) float32, little endian, C order.
std::vector<std::uint8_t> encode_npy(const DepthMap& map);

/// An npz file: each map as NAME.npy, deflated, with a fixed time so that equal maps give equal bytes.
/// Throws: Error kInternal, kOutOfMemory.
std::vector<std::uint8_t> encode_npz(const NamedMaps& maps);

/// A PFM file: one float channel, little endian (scale -1), bottom row first.
std::vector<std::uint8_t> encode_pfm(const DepthMap& map);

/// How the pixels of an EXR file are packed; all of them lossless.
enum class ExrCompression { kNone, kRle, kZips, kZip, kPiz };

/// Which channels show depth, for programs that read no Z.
enum class ExrChannels {
  kZ,    ///< Z
  kY,    ///< Z, and the same as X and Y
  kRgb,  ///< Z, and the same as R, G and B
};

/// Texts that the command line and records use: "none", "rle", "zips", "zip", "piz"; "Z", "Y", "RGB". Throw:
/// Error kUsage with the choices.
std::string_view to_string(ExrCompression compression);
std::string_view to_string(ExrChannels channels);
ExrCompression parse_exr_compression(std::string_view text);
ExrChannels parse_exr_channels(std::string_view text);

struct ExrOptions {
  bool half = false;  ///< 16-bit floats, larger values as 65504
  ExrCompression compression = ExrCompression::kNone;
  ExrChannels channels = ExrChannels::kZ;
};

/// The value as a file with `half` holds it.
float as_half(float value);

/// String attributes of an EXR file, `da3Kind` and so on; those with an empty text are left out.
using ExrTexts = std::vector<std::pair<std::string, std::string>>;

/// An OpenEXR scan-line file: each map as a channel of its name (`Z` is depth by convention). Throws: Error
/// kInternal, kOutOfMemory.
std::vector<std::uint8_t> encode_exr(const NamedMaps& channels, const ExrTexts& texts,
                                     const ExrOptions& options = {});

}  // namespace da3::formats
