// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <codec/byte_reader.hpp>
#include <codec/picture_format.hpp>
#include <codec/tiff_file.hpp>

#include <core/text.hpp>

namespace da3::codec {
namespace {

struct Layout {
  std::size_t height = 0;
  std::size_t width = 0;
  unsigned bits = 1;
  unsigned samples = 1;
  unsigned photometric = PHOTOMETRIC_MINISBLACK;
  unsigned compression = COMPRESSION_NONE;
  bool separate = false;  // One plane a colour
  bool tiled = false;
  std::size_t tile_height = 0;
  std::size_t tile_width = 0;
};

/// Cut files break off within the data or before the directory that the beginning points at.
[[noreturn]] void throw_unreadable(const EncodedPicture& picture, const TiffFile& file) {
  const ByteReader start(picture.bytes);
  const ByteReader reader(picture.bytes, start.has(0, "MM") ? ByteOrder::kBig : ByteOrder::kLittle);
  const bool classic = reader.u16(2) == 42;
  const std::uint64_t directory = classic ? reader.u32(4).value_or(8) : 16;
  const std::uint64_t entries = reader.u16(static_cast<std::size_t>(directory)).value_or(1);
  if (classic && directory + 2 + 12 * entries > picture.bytes.size()) {
    throw_truncated(picture, "TIFF", directory + 2 + 12 * entries);
  }
  if (picture.bytes.size() < 16) throw_truncated(picture, "TIFF", 16);
  throw_corrupt(picture, "TIFF", file.messages().empty() ? "its directory cannot be read" : file.messages());
}

/// Which of a file's pictures was chosen.
struct Page {
  std::uint32_t number = 1;
  std::uint32_t count = 1;
};

/// Turns to the largest picture, of equal ones to the first. Thumbnails, smaller copies and masks are none.
Page select_page(const EncodedPicture& picture, const TiffFile& file) {
  constexpr std::uint32_t kMostPages = 10'000;
  TIFF* tiff = file.get();
  if (tiff == nullptr) throw_unreadable(picture, file);
  Page page{0, 0};
  std::uint64_t largest = 0;
  std::uint32_t directory = 0;
  std::uint32_t chosen = 0;
  do {
    const bool is_copy =
        (file.tag<std::uint32_t>(TIFFTAG_SUBFILETYPE, 0) & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) != 0;
    const std::uint64_t area = std::uint64_t{file.tag<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0)} *
                               file.tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0);
    page.count += is_copy ? 0 : 1;
    if (!is_copy && area > largest) {
      largest = area;
      chosen = directory;
      page.number = page.count;
    }
  } while (++directory < kMostPages && TIFFReadDirectory(tiff) == 1);
  if (directory > 1 && TIFFSetDirectory(tiff, static_cast<tdir_t>(chosen)) != 1)
    throw_unreadable(picture, file);
  return page;
}

Layout read_layout(const EncodedPicture& picture, const TiffFile& file) {
  void* version = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_DNGVERSION, &version) == 1) {
    throw_unsupported(picture, "camera raw files (DNG) are not read",
                      "develop it first, for example: darktable-cli IN OUT.jpg");
  }
  Layout layout;
  layout.height = file.tag<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0);
  layout.width = file.tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0);
  layout.bits = file.tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1);
  layout.samples = file.tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.compression = file.tag<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  layout.photometric = file.tag<std::uint16_t>(
      TIFFTAG_PHOTOMETRIC, layout.samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
  layout.separate =
      layout.samples > 1 &&
      file.tag<std::uint16_t>(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  layout.tiled = TIFFIsTiled(file.get()) != 0;
  layout.tile_height = layout.tiled ? file.tag<std::uint32_t>(TIFFTAG_TILELENGTH, 0) : 0;
  layout.tile_width = layout.tiled ? file.tag<std::uint32_t>(TIFFTAG_TILEWIDTH, 0) : 0;
  return layout;
}

void check_kind(const EncodedPicture& picture, const TiffFile& file, const Layout& layout) {
  const auto sample_format = file.tag<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  if (layout.bits > 16 || (sample_format != SAMPLEFORMAT_UINT && sample_format != SAMPLEFORMAT_VOID)) {
    throw_unsupported(picture,
                      "TIFF files of " + std::to_string(layout.bits) + "-bit " +
                          (sample_format == SAMPLEFORMAT_IEEEFP ? "floating-point" : "signed or wide") +
                          " samples are not read",
                      "convert it to 8 or 16 bits first");
  }
  if (layout.samples == 0 || layout.samples > 8) {
    throw_unsupported(picture,
                      "TIFF files of " + std::to_string(layout.samples) + " samples a pixel are not read",
                      "convert it to RGB first");
  }
  if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(layout.compression)) == 0) {
    throw_unsupported(picture, "TIFF compression " + std::to_string(layout.compression) + " is not read",
                      "save it uncompressed first");
  }
}

/// The most bytes of pixels that a byte of the file can stand for.
std::uint64_t most_expansion(unsigned compression) {
  switch (compression) {
    case COMPRESSION_NONE:
      return 1;
    case COMPRESSION_PACKBITS:
      return 64;
    case COMPRESSION_LZW:
      return 2800;  // Strings of up to 4,096 bytes for 12 bits
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
      return 1032;
    default:
      return 100'000;
  }
}

/// All strips or tiles lie within the file, and there are enough bytes for the size it claims.
void check_data(const EncodedPicture& picture, const TiffFile& file, const Layout& layout) {
  TIFF* tiff = file.get();
  const std::uint32_t parts = layout.tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < parts; ++i) {
    const std::uint64_t offset = TIFFGetStrileOffset(tiff, i);
    const std::uint64_t length = TIFFGetStrileByteCount(tiff, i);
    if (length == 0 && offset == 0) {
      throw_unsupported(picture, "sparse TIFF files, which leave out empty parts, are not read",
                        "convert it first, for example: gdal_translate -co SPARSE_OK=FALSE IN OUT.tif");
    }
    if (length == 0 || offset == 0)
      throw_corrupt(picture, "TIFF", "part " + grouped(i + 1) + " of " + grouped(parts) + " is missing");
    if (offset > picture.bytes.size() || length > picture.bytes.size() - offset) {
      if (offset < std::numeric_limits<std::uint64_t>::max() / 2 &&
          length < std::numeric_limits<std::uint64_t>::max() / 2) {
        throw_truncated(picture, "TIFF", offset + length);
      }
      throw_corrupt(picture, "TIFF", "offsets that make no sense");
    }
    total += length;
  }
  // Chroma of YCbCr may be stored at a quarter, so that a pixel takes half of the samples it has.
  const std::uint64_t row_bits = static_cast<std::uint64_t>(layout.width) * layout.samples * layout.bits / 2;
  const std::uint64_t least = row_bits / 8 * layout.height / most_expansion(layout.compression);
  if (total < least)
    throw_corrupt(picture, "TIFF",
                  grouped(total) + " bytes of pixel data, at least " + grouped(least) + " needed");
  constexpr std::uint64_t kUsualTile = 4096ULL * 4096;
  const std::uint64_t tile = static_cast<std::uint64_t>(layout.tile_height) * layout.tile_width;
  if (layout.tiled &&
      (tile == 0 || tile > std::max<std::uint64_t>(kUsualTile, 4ULL * layout.height * layout.width))) {
    throw_corrupt(picture, "TIFF",
                  "tiles of " + core::size_text(layout.tile_height, layout.tile_width) + " pixels");
  }
}

/// Samples of a row or tile row into the picture. `samples` counts those next to each other in `in`.
class RowWriter {
 public:
  RowWriter(const Layout& layout, Image& image)
      : image_(image),
        wide_(layout.bits == 16),
        grey_(layout.photometric != PHOTOMETRIC_RGB),
        inverted_(layout.photometric == PHOTOMETRIC_MINISWHITE) {}

  bool grey() const { return grey_; }

  /// `plane`: the colour that `in` holds, or all of them if negative.
  void write(const std::uint8_t* in, std::size_t y, std::size_t x0, std::size_t count, std::size_t samples,
             int plane) {
    std::uint8_t* out = image_.rgb.data() + (y * static_cast<std::size_t>(image_.size.width) + x0) * 3;
    for (std::size_t x = 0; x < count; ++x, out += 3) {
      if (plane >= 0 && !grey_) {
        out[plane] = value(in, x);
      } else {
        for (std::size_t c = 0; c < 3; ++c) out[c] = value(in, x * samples + (grey_ ? 0 : c));
      }
    }
  }

 private:
  std::uint8_t value(const std::uint8_t* in, std::size_t i) const {
    std::uint8_t sample = in[i];
    if (wide_) {
      std::uint16_t pair = 0;
      std::memcpy(&pair, in + 2 * i, 2);  // libtiff has put it into the machine's byte order
      sample = static_cast<std::uint8_t>(pair >> 8);
    }
    return inverted_ ? static_cast<std::uint8_t>(255 - sample) : sample;
  }

  Image& image_;
  bool wide_;
  bool grey_;
  bool inverted_;
};

[[noreturn]] void throw_pixels(const EncodedPicture& picture, const TiffFile& file, std::size_t y,
                               const Layout& layout) {
  throw_corrupt(picture, "TIFF",
                (file.messages().empty() ? "its data cannot be decoded" : file.messages()) + ", row " +
                    grouped(y + 1) + " of " + grouped(layout.height));
}

void read_strips(const EncodedPicture& picture, const TiffFile& file, const Layout& layout, Image& image) {
  RowWriter writer(layout, image);
  const std::size_t planes = !layout.separate || writer.grey() ? 1 : 3;
  const std::size_t samples = layout.separate ? 1 : layout.samples;
  std::vector<std::uint8_t> row(
      static_cast<std::size_t>(std::max<tmsize_t>(TIFFScanlineSize(file.get()), 0)));
  if (row.size() < layout.width * samples * (layout.bits / 8))
    throw_corrupt(picture, "TIFF", "rows that are too short");
  for (std::size_t plane = 0; plane < planes; ++plane) {
    for (std::size_t y = 0; y < layout.height; ++y) {
      if (TIFFReadScanline(file.get(), row.data(), static_cast<std::uint32_t>(y),
                           static_cast<std::uint16_t>(plane)) != 1 ||
          !file.messages().empty()) {
        throw_pixels(picture, file, y, layout);
      }
      writer.write(row.data(), y, 0, layout.width, samples, layout.separate ? static_cast<int>(plane) : -1);
    }
  }
}

void read_tiles(const EncodedPicture& picture, const TiffFile& file, const Layout& layout, Image& image) {
  RowWriter writer(layout, image);
  const std::size_t planes = !layout.separate || writer.grey() ? 1 : 3;
  const std::size_t samples = layout.separate ? 1 : layout.samples;
  const std::size_t row_bytes = layout.tile_width * samples * (layout.bits / 8);
  std::vector<std::uint8_t> tile(static_cast<std::size_t>(std::max<tmsize_t>(TIFFTileSize(file.get()), 0)));
  if (tile.size() < row_bytes * layout.tile_height)
    throw_corrupt(picture, "TIFF", "tiles that are too small");
  for (std::size_t plane = 0; plane < planes; ++plane) {
    for (std::size_t y0 = 0; y0 < layout.height; y0 += layout.tile_height) {
      for (std::size_t x0 = 0; x0 < layout.width; x0 += layout.tile_width) {
        if (TIFFReadTile(file.get(), tile.data(), static_cast<std::uint32_t>(x0),
                         static_cast<std::uint32_t>(y0), 0, static_cast<std::uint16_t>(plane)) < 0 ||
            !file.messages().empty()) {
          throw_pixels(picture, file, y0, layout);
        }
        const std::size_t count = std::min(layout.tile_width, layout.width - x0);
        for (std::size_t y = y0; y < std::min(layout.height, y0 + layout.tile_height); ++y) {
          writer.write(tile.data() + (y - y0) * row_bytes, y, x0, count, samples,
                       layout.separate ? static_cast<int>(plane) : -1);
        }
      }
    }
  }
}

/// Palettes, few bits, CMYK, YCbCr, fax and the rest, by libtiff's own conversion.
void read_converted(const EncodedPicture& picture, const TiffFile& file, const Layout& layout, Image& image) {
  char why[1024] = "";
  if (TIFFRGBAImageOK(file.get(), why) != 1) {
    throw_unsupported(picture, std::string("this kind of TIFF file is not read (") + why + ")",
                      "convert it to 8-bit RGB first");
  }
  TIFFRGBAImage converter;
  if (TIFFRGBAImageBegin(&converter, file.get(), 1, why) != 1) {
    throw_unsupported(picture, std::string("this kind of TIFF file is not read (") + why + ")",
                      "convert it to 8-bit RGB first");
  }
  const std::unique_ptr<TIFFRGBAImage, void (*)(TIFFRGBAImage*)> end(&converter, TIFFRGBAImageEnd);
  converter.req_orientation = converter.orientation;  // Rows as stored; `upright` turns them
  const std::unique_ptr<std::uint32_t[]> raster(new std::uint32_t[image.size.area()]);
  if (TIFFRGBAImageGet(&converter, raster.get(), static_cast<std::uint32_t>(layout.width),
                       static_cast<std::uint32_t>(layout.height)) != 1 ||
      !file.messages().empty()) {
    throw_corrupt(picture, "TIFF", file.messages().empty() ? "its data cannot be decoded" : file.messages());
  }
  for (std::size_t i = 0; i < image.size.area(); ++i) {
    image.rgb[3 * i] = static_cast<std::uint8_t>(TIFFGetR(raster[i]));
    image.rgb[3 * i + 1] = static_cast<std::uint8_t>(TIFFGetG(raster[i]));
    image.rgb[3 * i + 2] = static_cast<std::uint8_t>(TIFFGetB(raster[i]));
  }
}

Beginning begins(std::span<const std::uint8_t> bytes) {
  using std::string_view_literals::operator""sv;
  // Canon's raw files (CR2) are TIFF files with an additional mark.
  if (ByteReader(bytes).has(8, "CR\x02")) return Beginning::kOther;
  Beginning most = Beginning::kOther;
  for (const std::string_view signature : {"II*\0"sv, "MM\0*"sv, "II+\0\x08\0\0\0"sv, "MM\0+\0\x08\0\0"sv}) {
    most = std::max(most, beginning_of(bytes, signature));
  }
  return most;
}

/// Of the largest page, which may stand anywhere in the file.
PictureHeader read_header(const EncodedPicture& picture) {
  const TiffFile file(picture.bytes);
  const Page page = select_page(picture, file);
  const Layout layout = read_layout(picture, file);
  PictureHeader header{checked_size(picture, "TIFF", layout.height, layout.width), parse_exif(picture.bytes)};
  const auto orientation = file.tag<std::uint16_t>(TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  header.exif.orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  if (page.count > 1) {
    header.note = "TIFF file of " + grouped(page.count) + " pages: page " + grouped(page.number) +
                  ", the largest, was read";
  }
  return header;
}

/// The largest page: strips or tiles, any colour space libtiff turns into RGB.
Image decode(const EncodedPicture& picture, const PictureHeader& header) {
  TiffFile file(picture.bytes);
  select_page(picture, file);
  const Layout layout = read_layout(picture, file);
  check_kind(picture, file, layout);
  check_data(picture, file, layout);
  // Unknown tags and the like are reported while the directory is read; from here on a message means lost
  // pixels.
  file.clear_messages();
  Image image{header.size, std::vector<std::uint8_t>(header.size.area() * 3)};
  const bool grey =
      layout.photometric == PHOTOMETRIC_MINISBLACK || layout.photometric == PHOTOMETRIC_MINISWHITE;
  const bool rgb = layout.photometric == PHOTOMETRIC_RGB && layout.samples >= 3;
  if ((layout.bits == 8 || layout.bits == 16) && (grey || rgb)) {
    layout.tiled ? read_tiles(picture, file, layout, image) : read_strips(picture, file, layout, image);
  } else {
    read_converted(picture, file, layout, image);
  }
  return image;
}

}  // namespace

const PictureCodec kTiffCodec{.name = "TIFF",
                              .extensions = {"tif", "tiff"},
                              .begins = begins,
                              .read_header = read_header,
                              .decode = decode,
                              .raw_files_alike = true};

}  // namespace da3::codec
