// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <codec/exif.hpp>

#include <da3/image.hpp>

namespace da3::testing {

using Bytes = std::vector<std::uint8_t>;

/// Smooth colours with some noise, the same for the same size and seed.
Image sample_picture(Size size, std::uint32_t seed = 1);

/// The same picture in grey: R = G = B.
Image grey_picture(Size size, std::uint32_t seed = 1);

struct EncodeOptions {
  int quality = 0;  ///< Of JPEG and WebP, 1 to 100; 0: 95 of JPEG, lossless WebP
  bool progressive = false;
  bool optimize = false;
  int restart_interval = 0;  ///< Of JPEG, in blocks of 16 x 16
  bool plain = false;        ///< PNM with numbers in text
};
/// `picture` as a file of `extension`: libjpeg (4:2:0), libpng, libtiff (LZW), libwebp; BMP and PNM are
/// written by their specifications.
Bytes encode(const Image& picture, const std::string& extension, const EncodeOptions& options = {});
/// With one channel, four (alpha 10), or 16 bits (each value * 257).
Bytes encode_grey(const Image& picture, const std::string& extension);
Bytes encode_with_alpha(const Image& picture, const std::string& extension);
Bytes encode_16_bit(const Image& picture, const std::string& extension);

struct PngOptions {
  int color_type = 2;
  int bit_depth = 8;
  bool interlaced = false;
  Bytes exif{};  ///< TIFF structure of an eXIf chunk
};
/// A PNG by libpng. `rows`: packed samples as `color_type` and `bit_depth` say; `palette`: R, G, B of each
/// entry.
Bytes encode_png(Size size, std::span<const std::uint8_t> rows, const PngOptions& options,
                 std::span<const std::uint8_t> palette = {});

struct TiffOptions {
  int compression = 1;
  int bits = 8;
  int samples = 3;
  int photometric = 2;
  bool tiled = false;
  bool separate = false;
  bool unassociated_alpha = false;
  int orientation = 1;
  int pages = 1;                   ///< Further ones are black
  std::uint32_t subfile_type = 0;  ///< 1: a smaller copy of another page
  bool sparse = false;             ///< Of a tiled file every second tile is left out
  std::uint16_t palette_step = 0;  ///< Above 0: colour i is (i, 2 i, 3 i) of these
};
/// A TIFF by libtiff. `rows`: interleaved samples of the first page.
Bytes encode_tiff(Size size, std::span<const std::uint8_t> rows, const TiffOptions& options);

/// One page of a TIFF by libtiff.
struct TiffPage {
  Image picture;
  std::uint32_t subfile_type = 0;
};
Bytes encode_tiff_pages(const std::vector<TiffPage>& pages);

/// A YCCK JPEG as Adobe writes it (inverted). `cmyk`: (H, W, 4), 255 = full ink.
Bytes encode_cmyk_jpeg(Size size, std::span<const std::uint8_t> cmyk);

/// What libjpeg makes of `jpeg` by its defaults, row by row.
Image read_jpeg(const Bytes& jpeg);

/// Fields of an EXIF block; absent ones are left out.
struct ExifBlock {
  bool big_endian = false;
  std::optional<int> orientation{};
  std::optional<int> focal_35mm{};
  std::optional<std::uint32_t> focal_100th_mm{};
  std::optional<std::uint32_t> plane_resolution{};
  std::optional<int> plane_unit{};
  std::optional<std::uint32_t> pixel_width{};
  std::optional<std::uint32_t> pixel_height{};
};
/// The TIFF structure of such a block.
Bytes exif_tiff(const ExifBlock& block);

/// `jpeg` with the TIFF structure in an APP1 segment behind its first marker.
Bytes with_exif_segment(const Bytes& jpeg, const Bytes& tiff);

/// A PNG chunk with its checksum.
Bytes png_chunk(const std::string& type, const Bytes& body);

/// The beginning of a PNG that claims this size: signature and IHDR.
Bytes png_start(std::uint32_t width, std::uint32_t height, std::uint8_t bit_depth = 8,
                std::uint8_t color_type = 2, std::uint8_t interlace = 0);

/// The largest difference of any sample; the sizes must be equal.
int largest_difference(const Image& left, const Image& right);

}  // namespace da3::testing
