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

/// An OpenEXR scan-line file: each map as a float channel of its name (`Z` is depth by convention), lossless.
/// `kind` and `unit` become the string attributes `da3Kind` and `da3Unit`; empty texts are left out.
/// Throws: Error kInternal, kOutOfMemory.
std::vector<std::uint8_t> encode_exr(const NamedMaps& channels, const std::string& kind,
                                     const std::string& unit);

}  // namespace da3::formats
