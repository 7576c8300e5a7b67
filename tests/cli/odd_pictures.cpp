// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <jpeglib.h>
#include <tiffio.h>

#include <cli/odd_pictures.hpp>

namespace da3::testing {
namespace {

constexpr Size kSize{41, 59};

Bytes text(const std::string& content) {
  return {content.begin(), content.end()};
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

void append_little(Bytes& bytes, std::uint32_t value, int length) {
  for (int i = 0; i < length; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// CMYK without a transformation and without Adobe's marker.
Bytes plain_cmyk_jpeg(Size size) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* out = nullptr;
  unsigned long length = 0;
  jpeg_mem_dest(&jpeg, &out, &length);
  jpeg.image_width = static_cast<JDIMENSION>(size.width);
  jpeg.image_height = static_cast<JDIMENSION>(size.height);
  jpeg.input_components = 4;
  jpeg.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg.write_Adobe_marker = FALSE;
  jpeg_start_compress(&jpeg, TRUE);
  Bytes row(static_cast<std::size_t>(size.width) * 4);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<std::uint8_t>(3 * i);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&jpeg, &pointer, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  Bytes bytes(out, out + length);
  std::free(out);
  return bytes;
}

/// A PNG with a palette of 16 colours whose first ones are transparent.
Bytes palette_png(Size size) {
  const std::size_t row_bytes = (static_cast<std::size_t>(size.width) + 1) / 2;
  Bytes rows(row_bytes * static_cast<std::size_t>(size.height));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint8_t>(i * 7 + i / row_bytes);
  Bytes palette;
  for (int entry = 0; entry < 16; ++entry) {
    for (const int step : {16, 11, 5}) palette.push_back(static_cast<std::uint8_t>(entry * step));
  }
  const Bytes png = encode_png(size, rows, {.color_type = 3, .bit_depth = 4}, palette);
  const Bytes type = text("IDAT");
  const auto data = std::search(png.begin(), png.end(), type.begin(), type.end()) - 4;
  return Bytes(png.begin(), data) + png_chunk("tRNS", {0, 128, 255}) + Bytes(data, png.end());
}

Bytes one_bit_png(Size size) {
  const std::size_t row_bytes = (static_cast<std::size_t>(size.width) + 7) / 8;
  Bytes rows(row_bytes * static_cast<std::size_t>(size.height));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i / row_bytes % 8 < 4 ? 0xF0 : 0x0F;
  return encode_png(size, rows, {.color_type = 0, .bit_depth = 1});
}

/// Samples of grey in `bytes_a_sample` big-endian bytes, followed by one of alpha if wanted.
Bytes grey_rows(const Image& picture, std::size_t bytes_a_sample, bool alpha) {
  Bytes rows;
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
    rows.insert(rows.end(), bytes_a_sample, picture.rgb[i]);
    if (alpha) rows.insert(rows.end(), bytes_a_sample, 30);
  }
  return rows;
}

Bytes rgb_rows_16(const Image& picture, bool alpha) {
  Bytes rows;
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    rows.insert(rows.end(), 2, picture.rgb[i]);
    if (alpha && i % 3 == 2) rows.insert(rows.end(), 2, 200);
  }
  return rows;
}

/// A BMP of 8 bits with a palette of greys, stored from the bottom up.
Bytes palette_bmp(const Image& picture) {
  const auto width = static_cast<std::size_t>(picture.size.width);
  const std::size_t stride = (width + 3) / 4 * 4;
  constexpr std::uint32_t kData = 14 + 40 + 256 * 4;
  Bytes bmp = text("BM");
  append_little(
      bmp, kData + static_cast<std::uint32_t>(stride) * static_cast<std::uint32_t>(picture.size.height), 4);
  append_little(bmp, 0, 4);
  append_little(bmp, kData, 4);
  append_little(bmp, 40, 4);
  append_little(bmp, static_cast<std::uint32_t>(picture.size.width), 4);
  append_little(bmp, static_cast<std::uint32_t>(picture.size.height), 4);
  append_little(bmp, 1, 2);
  append_little(bmp, 8, 2);
  for (int field = 0; field < 6; ++field) append_little(bmp, 0, 4);
  for (std::uint32_t grey = 0; grey < 256; ++grey) append_little(bmp, grey * 0x010101, 4);
  for (int y = picture.size.height - 1; y >= 0; --y) {
    for (std::size_t x = 0; x < stride; ++x) {
      bmp.push_back(x < width ? picture.rgb[(static_cast<std::size_t>(y) * width + x) * 3] : 0);
    }
  }
  return bmp;
}

/// P6 with two bytes a sample.
Bytes ppm_16(const Image& picture) {
  Bytes bytes = text("P6\n# 16 bits\n" + std::to_string(picture.size.width) + " " +
                     std::to_string(picture.size.height) + "\n65535\n");
  return std::move(bytes) + rgb_rows_16(picture, false);
}

void add_jpegs(std::vector<OddPicture>& all, const Image& picture) {
  const Bytes jpeg = encode(picture, ".jpg");
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Size size = orientation > 4 ? Size{kSize.width, kSize.height} : kSize;
    const bool big_endian = orientation % 2 == 0;
    all.push_back({"exif" + std::to_string(orientation) + ".jpg",
                   with_exif_segment(jpeg, exif_tiff({.big_endian = big_endian, .orientation = orientation})),
                   size});
  }
  all.push_back({"ycck.jpg", encode_cmyk_jpeg(kSize, Bytes(kSize.area() * 4, 77)), kSize});
  all.push_back({"cmyk.jpg", plain_cmyk_jpeg(kSize), kSize});
  all.push_back({"progressive.jpg", encode(picture, ".jpg", {.progressive = true}), kSize});
  all.push_back({"grey.jpeg", encode_grey(grey_picture(kSize), ".jpg"), kSize});
  all.push_back({"rubbish-behind.jpg", jpeg + text("rubbish\xff\xd8\xff\xd9 behind the end"), kSize});
}

void add_pngs(std::vector<OddPicture>& all, const Image& picture) {
  const Image grey = grey_picture(kSize);
  all.push_back({"grey16.png",
                 encode_png(kSize, grey_rows(grey, 2, false), {.color_type = 0, .bit_depth = 16}), kSize});
  all.push_back({"grey-alpha.png", encode_png(kSize, grey_rows(grey, 1, true), {.color_type = 4}), kSize});
  all.push_back({"rgb16.png",
                 encode_png(kSize, rgb_rows_16(picture, false), {.color_type = 2, .bit_depth = 16}), kSize,
                 true});
  all.push_back({"rgba16.png",
                 encode_png(kSize, rgb_rows_16(picture, true), {.color_type = 6, .bit_depth = 16}), kSize,
                 true});
  all.push_back({"palette.png", palette_png(kSize), kSize});
  all.push_back({"one-bit.png", one_bit_png(kSize), kSize});
  all.push_back({"interlaced.png", encode_png(kSize, picture.rgb, {.interlaced = true}), kSize, true});
  all.push_back({"one-pixel.png", encode(sample_picture({1, 1}), ".png"), {1, 1}});
  all.push_back({"wide.png", encode(sample_picture({60, 900}), ".png"), {60, 900}});
  all.push_back({"tall.png", encode(sample_picture({900, 60}), ".png"), {900, 60}});
}

void add_others(std::vector<OddPicture>& all, const Image& picture) {
  const auto exact = [&](const std::string& name, Bytes bytes) {
    all.push_back({name, std::move(bytes), kSize, true});
  };
  exact("24.bmp", encode(picture, ".bmp"));
  exact("32.bmp", encode_with_alpha(picture, ".bmp"));
  all.push_back({"palette.bmp", palette_bmp(grey_picture(kSize)), kSize});
  all.push_back({"lossy.webp", encode(picture, ".webp", {.quality = 80}), kSize});
  exact("lossless.webp", encode(picture, ".webp"));
  exact("alpha.webp", encode_with_alpha(picture, ".webp"));
  exact("8.tif", encode_tiff(kSize, picture.rgb, {}));
  exact("16.tiff", encode_16_bit(picture, ".tiff"));
  exact("lzw.tif", encode_tiff(kSize, picture.rgb, {.compression = COMPRESSION_LZW}));
  exact("pages.tif", encode_tiff(kSize, picture.rgb, {.pages = 3}));
  exact("plain.ppm", encode(picture, ".ppm", {.plain = true}));
  exact("binary.pnm", encode(picture, ".ppm"));
  exact("16.ppm", ppm_16(picture));
  all.push_back({"binary.pgm", encode_grey(grey_picture(kSize), ".pgm"), kSize});
  all.push_back({"plain.pgm", text("P2\n# a comment\n3 2\n255\n0 50 100\n150 200 250\n"), {2, 3}});
}

void add_names(std::vector<OddPicture>& all, const Image& picture) {
  const Bytes png = encode(picture, ".png");
  for (const char* name : {"really-a-png.jpg", "LOUD.PNG", "two\nlines and a blank.png", "tiefe-深さ-ß.png",
                           "-f.png", "quote\"and\\slash.png", "*?[.png"}) {
    all.push_back({name, png, kSize, true});
  }
#ifndef __APPLE__  // Its file systems take UTF-8 only
  all.push_back({"caf\xe9\xff.png", png, kSize, true});
#endif
}

Bytes cut(const Bytes& bytes, std::size_t percent) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() * percent / 100)};
}

/// `bytes` with the 16-bit big-endian numbers of a JPEG's frame replaced.
Bytes with_jpeg_size(Bytes bytes, unsigned height, unsigned width) {
  for (std::size_t i = 2; i + 9 < bytes.size(); ++i) {
    if (bytes[i] != 0xFF || bytes[i + 1] != 0xC0) continue;
    bytes[i + 5] = static_cast<std::uint8_t>(height >> 8);
    bytes[i + 6] = static_cast<std::uint8_t>(height);
    bytes[i + 7] = static_cast<std::uint8_t>(width >> 8);
    bytes[i + 8] = static_cast<std::uint8_t>(width);
    break;
  }
  return bytes;
}

Bytes png_of_nothing(std::uint32_t width, std::uint32_t height, std::uint8_t interlace = 0) {
  return png_start(width, height, 8, 2, interlace) + png_chunk("IDAT", Bytes(1000, 0)) +
         png_chunk("IEND", {});
}

/// A little-endian TIFF that has only a directory: `entries` fields as it claims, the tags of `fields`, and
/// where the next directory is.
Bytes tiff_of(unsigned entries, const std::vector<std::pair<unsigned, std::uint32_t>>& fields,
              std::uint32_t next) {
  Bytes tiff = text("II*");
  tiff.push_back(0);
  append_little(tiff, 8, 4);
  append_little(tiff, entries, 2);
  for (const auto& [tag, value] : fields) {
    append_little(tiff, tag, 2);
    append_little(tiff, 4, 2);
    append_little(tiff, 1, 4);
    append_little(tiff, value, 4);
  }
  append_little(tiff, next, 4);
  return tiff;
}

void add_cut(std::vector<UnusableFile>& all, const Image& picture) {
  const std::vector<std::string> damage{"image.truncated", "image.corrupt"};
  all.push_back({"empty.jpg", {}, {"image.truncated"}});
  all.push_back({"cut.jpg", cut(encode(picture, ".jpg"), 60), {"image.truncated"}});
  all.push_back({"cut.png", cut(encode(picture, ".png"), 60), {"image.truncated"}});
  all.push_back({"cut.webp", cut(encode(picture, ".webp", {.quality = 80}), 60), damage});
  all.push_back({"cut.tif", cut(encode_tiff(kSize, picture.rgb, {}), 60), damage});
  all.push_back({"cut.bmp", cut(encode(picture, ".bmp"), 60), {"image.truncated"}});
  Bytes checksum = encode(picture, ".png");
  checksum[checksum.size() / 2] ^= 0x10;
  all.push_back({"checksum.png", checksum, {"image.corrupt"}});
  Bytes chunk = encode(picture, ".webp", {.quality = 80});
  std::fill_n(chunk.begin() + 16, 4, 0xFF);  // The length of its first chunk
  all.push_back({"chunk.webp", chunk, damage});
}

void add_liars(std::vector<UnusableFile>& all, const Image& picture) {
  const Bytes jpeg = encode(picture, ".jpg");
  const std::vector<std::string> corrupt{"image.corrupt"};
  const std::vector<std::string> refused{"image.corrupt", "image.too_large", "image.truncated"};
  all.push_back({"bomb.png", png_of_nothing(60000, 60000), {"image.too_large"}});
  all.push_back({"bomb-interlaced.png", png_of_nothing(60000, 60000, 1), {"image.too_large"}});
  all.push_back({"bomb-allowed.png", png_of_nothing(16000, 16000), corrupt});
  all.push_back({"bomb.jpg", with_jpeg_size(jpeg, 65535, 65535), {"image.too_large"}});
  all.push_back({"bomb-allowed.jpg", with_jpeg_size(jpeg, 16000, 16000), {"image.truncated"}});
  all.push_back({"nothing.png", png_of_nothing(0, 0), corrupt});
  all.push_back({"nothing.jpg", with_jpeg_size(jpeg, 41, 0), corrupt});
  all.push_back({"nothing.ppm", text("P6\n0 5\n255\n"), corrupt});
  all.push_back({"negative.ppm", text("P6\n-5 5\n255\nabcdefghij"), corrupt});
  all.push_back({"huge.pgm", text("P5\n99999999999999999999 3\n255\nabc"), refused});
  all.push_back({"large.pgm", text("P5\n16000 16000\n255\nabc"), {"image.truncated"}});
  all.push_back(
      {"many-fields.tif", tiff_of(65535, {{256, 5}, {257, 5}}, 0), {"image.truncated", "image.corrupt"}});
  // Its directory is its own successor and has no pixels.
  all.push_back({"cyclic.tif", tiff_of(2, {{256, 5}, {257, 5}}, 8), corrupt});
}

void add_foreign(std::vector<UnusableFile>& all) {
  const std::vector<std::string> unsupported{"image.unsupported"};
  all.push_back({"text.jpg", text("this is no picture\n"), unsupported});
  all.push_back({"page.png", text("<!DOCTYPE html><html>404</html>"), unsupported});
  all.push_back({"zeros.jpg", Bytes(5000, 0), {"image.corrupt"}});
  all.push_back({"moving.gif", text("GIF89a......"), unsupported});
  all.push_back({"gif.jpg", text("GIF89a......"), unsupported});
  Bytes heic{0, 0, 0, 24};
  // Truncated where libheif is there to say so.
  const std::vector<std::string> heif{"image.unsupported", "image.truncated"};
  all.push_back({"phone.heic", heic + text("ftypheic"), heif});
  all.push_back({"phone-renamed.jpg", heic + text("ftypheic"), heif});
}

}  // namespace

Image odd_pictures_reference() {
  return sample_picture(kSize);
}

std::vector<OddPicture> odd_pictures() {
  const Image picture = odd_pictures_reference();
  std::vector<OddPicture> all;
  add_jpegs(all, picture);
  add_pngs(all, picture);
  add_others(all, picture);
  add_names(all, picture);
  return all;
}

std::vector<UnusableFile> unusable_files() {
  const Image picture = odd_pictures_reference();
  std::vector<UnusableFile> all;
  add_cut(all, picture);
  add_liars(all, picture);
  add_foreign(all);
  return all;
}

}  // namespace da3::testing
