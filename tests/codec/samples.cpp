// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <codec/samples.hpp>
#include <jpeglib.h>
#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>
#include <zlib.h>

#include <testing/temporary_folder.hpp>

namespace da3::testing {
namespace {

void append(Bytes& bytes, std::uint64_t value, int length, bool big_endian) {
  for (int i = 0; i < length; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * (big_endian ? length - 1 - i : i))));
  }
}

}  // namespace

Image sample_picture(Size size, std::uint32_t seed) {
  Image picture{size, Bytes(size.area() * 3)};
  std::uint32_t state = seed * 2654435761U + 1;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        state = state * 1664525U + 1013904223U;
        const int smooth = c == 0   ? 200 * x / size.width
                           : c == 1 ? 200 * y / size.height
                                    : 100 * (x + y) / (size.width + size.height);
        picture.rgb[static_cast<std::size_t>((y * size.width + x) * 3 + c)] =
            static_cast<std::uint8_t>(smooth + static_cast<int>(state >> 28));
      }
    }
  }
  return picture;
}

Image grey_picture(Size size, std::uint32_t seed) {
  Image picture = sample_picture(size, seed);
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3)
    picture.rgb[i + 1] = picture.rgb[i + 2] = picture.rgb[i];
  return picture;
}

Bytes encode_png(Size size, std::span<const std::uint8_t> rows, const PngOptions& options,
                 std::span<const std::uint8_t> palette) {
  Bytes bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) throw std::runtime_error("libpng cannot write this");
  png_set_write_fn(
      png, &bytes,
      [](png_structp self, png_bytep data, std::size_t length) {
        auto* out = static_cast<Bytes*>(png_get_io_ptr(self));
        out->insert(out->end(), data, data + length);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(size.width), static_cast<png_uint_32>(size.height),
               options.bit_depth, options.color_type,
               options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!palette.empty()) {
    png_set_PLTE(png, info, reinterpret_cast<png_const_colorp>(palette.data()),
                 static_cast<int>(palette.size() / 3));
  }
  if (!options.exif.empty()) {
    Bytes exif = options.exif;
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), exif.data());
  }
  png_write_info(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  std::vector<png_bytep> pointers;
  for (int y = 0; y < size.height; ++y)
    pointers.push_back(const_cast<png_bytep>(rows.data() + static_cast<std::size_t>(y) * row_bytes));
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

namespace {

void write_tiff_page(TIFF* tiff, Size size, std::span<const std::uint8_t> rows, const TiffOptions& options) {
  const std::size_t sample_bytes = static_cast<std::size_t>(options.bits) / 8;
  const auto samples = static_cast<std::size_t>(options.samples);
  const auto width = static_cast<std::size_t>(size.width);
  TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, options.subfile_type);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, size.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, size.height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, options.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, options.samples);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, options.photometric);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, options.compression);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, options.orientation);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, options.separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  if (options.unassociated_alpha) {
    const std::uint16_t kind = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
  }
  if (options.palette_step > 0) {
    std::array<std::vector<std::uint16_t>, 3> colours;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (std::size_t i = 0; i < 256; ++i)
        colours[channel].push_back(
            static_cast<std::uint16_t>((channel + 1) * i % 256 * options.palette_step));
    }
    TIFFSetField(tiff, TIFFTAG_COLORMAP, colours[0].data(), colours[1].data(), colours[2].data());
  }
  constexpr std::size_t kTile = 16;
  if (options.tiled) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kTile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, kTile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 8);
  }
  const std::size_t planes = options.separate ? samples : 1;
  const std::size_t pixel_bytes = sample_bytes * (options.separate ? 1 : samples);
  const auto pixel = [&](std::size_t y, std::size_t x, std::size_t plane) {
    return rows.data() + (y * width + x) * samples * sample_bytes + plane * sample_bytes;
  };
  for (std::size_t plane = 0; plane < planes; ++plane) {
    if (options.tiled) {
      for (std::size_t y0 = 0; y0 < static_cast<std::size_t>(size.height); y0 += kTile) {
        for (std::size_t x0 = 0; x0 < width; x0 += kTile) {
          if (options.sparse && (y0 + x0) / kTile % 2 == 1) continue;
          Bytes tile(kTile * kTile * pixel_bytes);
          for (std::size_t y = y0; y < std::min(y0 + kTile, static_cast<std::size_t>(size.height)); ++y) {
            for (std::size_t x = x0; x < std::min(x0 + kTile, width); ++x) {
              std::memcpy(tile.data() + ((y - y0) * kTile + x - x0) * pixel_bytes, pixel(y, x, plane),
                          pixel_bytes);
            }
          }
          TIFFWriteTile(tiff, tile.data(), static_cast<std::uint32_t>(x0), static_cast<std::uint32_t>(y0), 0,
                        static_cast<std::uint16_t>(plane));
        }
      }
    } else {
      for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
        Bytes row(width * pixel_bytes);
        for (std::size_t x = 0; x < width; ++x)
          std::memcpy(row.data() + x * pixel_bytes, pixel(y, x, plane), pixel_bytes);
        TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), static_cast<std::uint16_t>(plane));
      }
    }
  }
  TIFFWriteDirectory(tiff);
}

}  // namespace

Bytes encode_tiff(Size size, std::span<const std::uint8_t> rows, const TiffOptions& options) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "a.tif").string();
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  if (tiff == nullptr) throw std::runtime_error("libtiff cannot write " + path);
  write_tiff_page(tiff, size, rows, options);
  const Bytes black(rows.size(), 0);
  for (int page = 1; page < options.pages; ++page) write_tiff_page(tiff, size, black, options);
  TIFFClose(tiff);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Bytes encode_tiff_pages(const std::vector<TiffPage>& pages) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "a.tif").string();
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  if (tiff == nullptr) throw std::runtime_error("libtiff cannot write " + path);
  for (const TiffPage& page : pages) {
    TiffOptions options;
    options.subfile_type = page.subfile_type;
    write_tiff_page(tiff, page.picture.size, page.picture.rgb, options);
  }
  TIFFClose(tiff);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

namespace {

/// Samples of 8 bits: grey, RGB or RGBA.
struct Raster {
  Size size;
  int channels = 3;
  Bytes samples;

  const std::uint8_t* row(int y) const {
    return samples.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width * channels);
  }
};

Bytes jpeg_of(const Raster& raster, J_COLOR_SPACE given, const EncodeOptions& options) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};  // Its defaults: a message, and the test program ends
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* out = nullptr;
  unsigned long length = 0;
  jpeg_mem_dest(&jpeg, &out, &length);
  jpeg.image_width = static_cast<JDIMENSION>(raster.size.width);
  jpeg.image_height = static_cast<JDIMENSION>(raster.size.height);
  jpeg.input_components = raster.channels;
  jpeg.in_color_space = given;
  jpeg_set_defaults(&jpeg);
  if (given == JCS_CMYK) jpeg_set_colorspace(&jpeg, JCS_YCCK);
  jpeg_set_quality(&jpeg, options.quality == 0 ? 95 : options.quality, TRUE);
  if (given == JCS_CMYK) jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
  if (given == JCS_CMYK) jpeg.comp_info[3].h_samp_factor = jpeg.comp_info[3].v_samp_factor = 1;
  if (options.progressive) jpeg_simple_progression(&jpeg);
  jpeg.optimize_coding = options.optimize ? TRUE : FALSE;
  jpeg.restart_interval = static_cast<unsigned int>(options.restart_interval);
  jpeg_start_compress(&jpeg, TRUE);
  for (int y = 0; y < raster.size.height; ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(raster.row(y));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  Bytes bytes(out, out + length);
  std::free(out);
  return bytes;
}

Bytes webp_of(const Raster& raster, const EncodeOptions& options) {
  const int stride = raster.size.width * raster.channels;
  const auto quality = static_cast<float>(options.quality);
  std::uint8_t* out = nullptr;
  std::size_t length = 0;
  if (raster.channels == 4) {
    length = WebPEncodeLosslessRGBA(raster.row(0), raster.size.width, raster.size.height, stride, &out);
  } else if (options.quality == 0) {
    length = WebPEncodeLosslessRGB(raster.row(0), raster.size.width, raster.size.height, stride, &out);
  } else {
    length = WebPEncodeRGB(raster.row(0), raster.size.width, raster.size.height, stride, quality, &out);
  }
  if (length == 0) throw std::runtime_error("libwebp cannot write this");
  Bytes bytes(out, out + length);
  WebPFree(out);
  return bytes;
}

/// Bottom row first, B before R, rows filled up to four bytes; grey has a palette.
Bytes bmp_of(const Raster& raster) {
  const auto channels = static_cast<std::size_t>(raster.channels);
  const std::size_t row_bytes = (static_cast<std::size_t>(raster.size.width) * channels + 3) / 4 * 4;
  const std::size_t colours = channels == 1 ? 256 : 0;
  const std::size_t data_at = 54 + 4 * colours;
  const std::size_t data_bytes = row_bytes * static_cast<std::size_t>(raster.size.height);
  Bytes bytes{'B', 'M'};
  for (const std::uint64_t value : {data_at + data_bytes, std::size_t{0}, data_at, std::size_t{40}})
    append(bytes, value, 4, false);
  append(bytes, static_cast<std::uint64_t>(raster.size.width), 4, false);
  append(bytes, static_cast<std::uint64_t>(raster.size.height), 4, false);
  append(bytes, 1, 2, false);
  append(bytes, 8 * channels, 2, false);
  append(bytes, 0, 4, false);
  append(bytes, data_bytes, 4, false);
  append(bytes, 0, 8, false);
  append(bytes, colours, 4, false);
  append(bytes, 0, 4, false);
  for (std::uint64_t grey = 0; grey < colours; ++grey) append(bytes, grey * 0x10101, 4, false);
  for (int y = raster.size.height - 1; y >= 0; --y) {
    const std::uint8_t* row = raster.row(y);
    for (std::size_t x = 0; x < static_cast<std::size_t>(raster.size.width); ++x, row += channels) {
      if (channels == 1) {
        bytes.push_back(row[0]);
      } else {
        bytes.insert(bytes.end(), {row[2], row[1], row[0]});
        if (channels == 4) bytes.push_back(row[3]);
      }
    }
    bytes.resize((bytes.size() - data_at + 3) / 4 * 4 + data_at);
  }
  return bytes;
}

Bytes pnm_of(const Raster& raster, bool plain) {
  const int kind = (raster.channels == 1 ? 2 : 3) + (plain ? 0 : 3);
  std::string text = "P" + std::to_string(kind) + "\n" + std::to_string(raster.size.width) + " " +
                     std::to_string(raster.size.height) + "\n255\n";
  if (!plain) {
    text.append(raster.samples.begin(), raster.samples.end());
  } else {
    const auto in_row = static_cast<std::size_t>(raster.size.width * raster.channels);
    for (std::size_t i = 0; i < raster.samples.size(); ++i)
      text += std::to_string(raster.samples[i]) + ((i + 1) % in_row == 0 ? "\n" : " ");
  }
  return {text.begin(), text.end()};
}

/// Of 8 bits, or of 16 (each value * 257).
Bytes write(const Raster& raster, const std::string& extension, const EncodeOptions& options, int bits = 8) {
  Bytes rows = raster.samples;
  if (bits == 16) {
    rows.clear();
    for (const std::uint8_t value : raster.samples) rows.insert(rows.end(), 2, value);
  }
  if (extension == ".png") {
    const int color_type = raster.channels == 1 ? 0 : raster.channels == 3 ? 2 : 6;
    return encode_png(raster.size, rows, {.color_type = color_type, .bit_depth = bits});
  }
  if (extension == ".tif" || extension == ".tiff") {
    return encode_tiff(raster.size, rows,
                       {.compression = COMPRESSION_LZW,
                        .bits = bits,
                        .samples = raster.channels,
                        .photometric = raster.channels == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB,
                        .unassociated_alpha = raster.channels == 4});
  }
  if (extension == ".jpg") return jpeg_of(raster, raster.channels == 1 ? JCS_GRAYSCALE : JCS_RGB, options);
  if (extension == ".webp") return webp_of(raster, options);
  if (extension == ".bmp") return bmp_of(raster);
  if (extension == ".ppm" || extension == ".pgm") return pnm_of(raster, options.plain);
  throw std::runtime_error("cannot encode " + extension);
}

}  // namespace

Bytes encode(const Image& picture, const std::string& extension, const EncodeOptions& options) {
  return write({picture.size, 3, picture.rgb}, extension, options);
}

Bytes encode_grey(const Image& picture, const std::string& extension) {
  Raster grey{picture.size, 1, {}};
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) grey.samples.push_back(picture.rgb[i]);
  return write(grey, extension, {});
}

Bytes encode_with_alpha(const Image& picture, const std::string& extension) {
  constexpr std::uint8_t kAlpha = 10;
  Raster raster{picture.size, 4, {}};
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3)
    raster.samples.insert(raster.samples.end(),
                          {picture.rgb[i], picture.rgb[i + 1], picture.rgb[i + 2], kAlpha});
  return write(raster, extension, {});
}

Bytes encode_16_bit(const Image& picture, const std::string& extension) {
  return write({picture.size, 3, picture.rgb}, extension, {}, 16);
}

Bytes encode_cmyk_jpeg(Size size, std::span<const std::uint8_t> cmyk) {
  Raster inverted{size, 4, {cmyk.begin(), cmyk.end()}};
  for (std::uint8_t& value : inverted.samples) value = static_cast<std::uint8_t>(255 - value);
  return jpeg_of(inverted, JCS_CMYK, {.quality = 100});
}

Image read_jpeg(const Bytes& bytes) {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes.data(), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg);
  Image picture;
  picture.size = {static_cast<int>(jpeg.output_height), static_cast<int>(jpeg.output_width)};
  picture.rgb.resize(picture.size.area() * 3);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = picture.rgb.data() + std::size_t{3} * jpeg.output_width * jpeg.output_scanline;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return picture;
}

Bytes exif_tiff(const ExifBlock& block) {
  const bool big = block.big_endian;
  struct Field {
    int tag;
    int type;
    std::uint64_t value;  // A rational is value / 100
  };
  std::vector<Field> first;
  std::vector<Field> second;
  if (block.orientation) first.push_back({0x0112, 3, static_cast<std::uint64_t>(*block.orientation)});
  if (block.focal_100th_mm) second.push_back({0x920A, 5, *block.focal_100th_mm});
  if (block.pixel_width) second.push_back({0xA002, 4, *block.pixel_width});
  if (block.pixel_height) second.push_back({0xA003, 4, *block.pixel_height});
  if (block.plane_resolution) second.push_back({0xA20E, 5, std::uint64_t{*block.plane_resolution} * 100});
  if (block.plane_unit) second.push_back({0xA210, 3, static_cast<std::uint64_t>(*block.plane_unit)});
  if (block.focal_35mm) second.push_back({0xA405, 3, static_cast<std::uint64_t>(*block.focal_35mm)});
  const std::size_t second_at = 8 + 2 + 12 * (first.size() + 1) + 4;
  first.push_back({0x8769, 4, second_at});

  Bytes bytes{std::uint8_t(big ? 'M' : 'I'), std::uint8_t(big ? 'M' : 'I')};
  append(bytes, 42, 2, big);
  append(bytes, 8, 4, big);
  std::size_t rationals_at = second_at + 2 + 12 * second.size() + 4;
  Bytes rationals;
  for (const std::vector<Field>* directory : {&first, &second}) {
    append(bytes, directory->size(), 2, big);
    for (const Field& field : *directory) {
      append(bytes, static_cast<std::uint64_t>(field.tag), 2, big);
      append(bytes, static_cast<std::uint64_t>(field.type), 2, big);
      append(bytes, 1, 4, big);
      if (field.type == 5) {
        append(bytes, rationals_at + rationals.size(), 4, big);
        append(rationals, field.value, 4, big);
        append(rationals, 100, 4, big);
      } else if (field.type == 3) {
        append(bytes, field.value, 2, big);
        append(bytes, 0, 2, big);
      } else {
        append(bytes, field.value, 4, big);
      }
    }
    append(bytes, 0, 4, big);
  }
  bytes.insert(bytes.end(), rationals.begin(), rationals.end());
  return bytes;
}

Bytes with_exif_segment(const Bytes& jpeg, const Bytes& tiff) {
  Bytes bytes(jpeg.begin(), jpeg.begin() + 2);
  bytes.insert(bytes.end(), {0xFF, 0xE1});
  append(bytes, 2 + 6 + tiff.size(), 2, true);
  bytes.insert(bytes.end(), {'E', 'x', 'i', 'f', 0, 0});
  bytes.insert(bytes.end(), tiff.begin(), tiff.end());
  bytes.insert(bytes.end(), jpeg.begin() + 2, jpeg.end());
  return bytes;
}

Bytes png_chunk(const std::string& type, const Bytes& body) {
  Bytes chunk;
  append(chunk, body.size(), 4, true);
  chunk.insert(chunk.end(), type.begin(), type.end());
  chunk.insert(chunk.end(), body.begin(), body.end());
  append(chunk, crc32(0, chunk.data() + 4, static_cast<uInt>(chunk.size() - 4)), 4, true);
  return chunk;
}

Bytes png_start(std::uint32_t width, std::uint32_t height, std::uint8_t bit_depth, std::uint8_t color_type,
                std::uint8_t interlace) {
  Bytes bytes{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  Bytes body;
  append(body, width, 4, true);
  append(body, height, 4, true);
  body.insert(body.end(), {bit_depth, color_type, 0, 0, interlace});
  const Bytes chunk = png_chunk("IHDR", body);
  bytes.insert(bytes.end(), chunk.begin(), chunk.end());
  return bytes;
}

int largest_difference(const Image& left, const Image& right) {
  if (left.size != right.size || left.rgb.size() != right.rgb.size())
    throw std::runtime_error("pictures of two sizes");
  int largest = 0;
  for (std::size_t i = 0; i < left.rgb.size(); ++i)
    largest = std::max(largest, std::abs(left.rgb[i] - right.rgb[i]));
  return largest;
}

}  // namespace da3::testing
