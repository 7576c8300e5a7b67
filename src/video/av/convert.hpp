// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <video/av/handles.hpp>
#include <video/seams.hpp>

#include <da3/image.hpp>

namespace da3::video::av {

/// How a stored picture becomes an upright one.
struct Turn {
  int orientation = 1;  ///< 1..8 as in EXIF
  int degrees = 0;      ///< Clockwise
  bool mirrored = false;
  bool exact = true;  ///< False for an angle that is no quarter turn: the picture stays as it is
};

/// The turn that a frame names, else its stream.
Turn turn_of(const AVFrame& frame, const AVStream& stream);

/// The matrix of a frame's colours: bt601, bt709, bt2020 or rgb; `assumed` if the frame does not say.
struct Matrix {
  std::string name;
  bool assumed = false;
};
Matrix matrix_of(const AVFrame& frame);

bool is_full_range(const AVFrame& frame);

/// A decoded picture of any pixel format, as far as its conversion to RGB depends on it.
struct PlanarFrame {
  Size size;
  AVPixelFormat format = AV_PIX_FMT_NONE;
  int matrix = 0;  ///< SWS_CS_...
  bool full_range = false;
  std::array<const std::uint8_t*, 4> planes{};
  std::array<int, 4> strides{};
};

/// Converts frames of any pixel format. Threads: one.
class Converter {
 public:
  explicit Converter(const ReadOptions& options) : options_(options) {}

  /// Upright RGB with square pixels. Throws: Error kVideoUnsupported, kOutOfMemory.
  Image convert(const AVFrame& frame, const Turn& turn, Ratio sample_aspect);

  /// Memory of a picture that nobody needs any more, for a later one.
  void reuse(std::vector<std::uint8_t> room) {
    if (room.capacity() > room_.capacity()) room_ = std::move(room);
  }

 private:
  bool has_own_way(const PlanarFrame& frame);

  ReadOptions options_;
  ScalerPtr scaler_;
  /// The colours that own_is_exact_ is about.
  std::optional<std::tuple<AVPixelFormat, int, bool>> tested_colours_;
  bool own_is_exact_ = false;
  std::vector<std::uint8_t> room_;
};

}  // namespace da3::video::av
