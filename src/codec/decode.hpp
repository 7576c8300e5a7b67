// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <da3/image.hpp>

namespace da3::codec {

/// Another decoder of JPEG pixels, such as a GPU's: the stored picture of a file whose header says `size`,
/// (H, W, 3) RGB, or none for a file that it leaves to this module. Threads: any. Throws: Error.
using JpegPixels =
    std::function<std::optional<std::vector<std::uint8_t>>(std::span<const std::uint8_t> jpeg, Size size)>;

struct DecodeOptions {
  std::uint64_t max_pixels = std::uint64_t{1} << 28;  ///< Larger pictures are refused from their header
  JpegPixels jpeg_pixels;                             ///< Asked first, where it is set
};

/// Focal length as the camera wrote it (EXIF), in the picture's own pixels after orientation.
struct ExifFocal {
  double focal_px = 0;  ///< f35 / 43.27 mm * diagonal in pixels, or f * pixels per mm on the sensor
  std::string source;   ///< "exif.35mm" or "exif.sensor"
};

struct Decoded {
  Image image;  ///< Upright: EXIF orientation applied (the original tool ignores it); alpha dropped, grey
                ///< spread
  std::optional<ExifFocal> exif_focal;
  std::string focal_doubt;  ///< Why a focal length in the EXIF data is not believed; else empty
  std::string note;  ///< What the reader of the result should know, such as which page was read; else empty
  bool turned = false;         ///< The stored pixels are not upright; `image` is
  bool is_widely_read = true;  ///< As PictureCodec, of the file's format
};

/// The picture in `bytes`, its type told by the content: JPEG, PNG, BMP, WebP, TIFF (its largest page), PNM
/// (P1 to P6), and HEIC, HEIF and AVIF where this build has libheif. Of 16 bits the upper 8 are taken, as in
/// the original tool; PNM samples are scaled and rounded, as there. Only 16-bit grey differs: the original's
/// reader makes everything above 255 of 65535 white, here it is treated as colour is. A file that can be read
/// in part only is an error. Memory is taken for pixels that are there, not for those that a header claims.
/// Threads: safe from any number. Prints nothing. Throws: Error kImageUnsupported, kImageTruncated,
/// kImageCorrupt, kImageTooLarge, kOutOfMemory; the message begins with `name`.
Decoded decode(std::span<const std::uint8_t> bytes, const std::string& name,
               const DecodeOptions& options = {});

/// Reads a whole regular file and decodes it. Throws: the same and Error kInputNotFound, kInputUnreadable,
/// kInputNotRegular (never opens a FIFO or device).
Decoded decode_file(const std::filesystem::path& path, const DecodeOptions& options = {});

/// Size after orientation, read from the header alone. Throws: as decode_file.
Size read_size(const std::filesystem::path& path, const DecodeOptions& options = {});

}  // namespace da3::codec
