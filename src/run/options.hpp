// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include <codec/decode.hpp>
#include <options/options.hpp>

namespace da3::run {

using options::ListFormat;
using options::ResultSize;
using options::Shard;

/// What to do with which inputs. Validated once, by `run` and `plan`.
struct Options : options::Infer {
  codec::JpegPixels jpeg_pixels;  ///< Decodes JPEG files where it is set and can
  std::size_t window_images = 0;  ///< Bound of inputs under way at a time; 0: from the batches that pay
  std::uint64_t window_bytes =
      0;  ///< Bound of pictures and results held at a time; 0: from the memory free now
  /// File that keeps measured batches between runs; empty: none is kept.
  std::filesystem::path learned_batches;
};

}  // namespace da3::run
