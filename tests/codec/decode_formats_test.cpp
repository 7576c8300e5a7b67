// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <codec/decode.hpp>
#include <codec/picture_format.hpp>
#include <codec/samples.hpp>
#include <gtest/gtest.h>
#include <tiffio.h>
#include <webp/decode.h>
#include <zlib.h>

namespace da3::testing {
namespace {

constexpr Size kOdd{37, 53};

Image decoded(const Bytes& bytes) {
  return codec::decode(bytes, "picture").image;
}

/// What libwebp makes of `bytes` in the opposite order of channels.
Image read_webp(const Bytes& bytes) {
  Image picture;
  const std::unique_ptr<std::uint8_t, void (*)(void*)> bgr(
      WebPDecodeBGR(bytes.data(), bytes.size(), &picture.size.width, &picture.size.height), WebPFree);
  for (std::size_t i = 0; i < picture.size.area() * 3; i += 3)
    picture.rgb.insert(picture.rgb.end(), {bgr.get()[i + 2], bgr.get()[i + 1], bgr.get()[i]});
  return picture;
}

TEST(DecodeJpeg, GivesThePixelsThatLibjpegGivesByItsDefaults) {
  const Image picture = sample_picture(kOdd);
  const std::vector<EncodeOptions> variants{
      {}, {.progressive = true}, {.quality = 20}, {.restart_interval = 2}, {.optimize = true}};
  for (const EncodeOptions& options : variants) {
    const Bytes bytes = encode(picture, ".jpg", options);
    EXPECT_EQ(decoded(bytes).rgb, read_jpeg(bytes).rgb);
  }
}

TEST(DecodeJpeg, AsksAnotherDecoderFirstWhereOneIsGiven) {
  const Bytes bytes = encode(sample_picture(kOdd), ".jpg");
  int asked = 0;
  codec::DecodeOptions options;
  options.jpeg_pixels = [&](std::span<const std::uint8_t> jpeg, Size size) {
    ++asked;
    EXPECT_EQ(jpeg.size(), bytes.size());
    return std::optional(Bytes(size.area() * 3, 9));
  };
  const Image other = codec::decode(bytes, "picture", options).image;
  EXPECT_EQ(other.size, kOdd);
  EXPECT_EQ(other.rgb, Bytes(kOdd.area() * 3, 9));
  codec::decode(encode(sample_picture(kOdd), ".png"), "picture", options);
  EXPECT_EQ(asked, 1) << "not for PNG";
  options.jpeg_pixels = [](std::span<const std::uint8_t>, Size) { return std::optional<Bytes>(); };
  EXPECT_EQ(codec::decode(bytes, "picture", options).image.rgb, decoded(bytes).rgb) << "it declined";
}

TEST(DecodeJpeg, SpreadsGrey) {
  const Image picture = decoded(encode_grey(grey_picture(kOdd), ".jpg"));
  EXPECT_LE(largest_difference(picture, grey_picture(kOdd)),
            24);  // Lossy; a wrong channel differs by over 100
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) ASSERT_EQ(picture.rgb[i], picture.rgb[i + 2]);
}

TEST(DecodeJpeg, TurnsInvertedCmykIntoColours) {
  const std::vector<std::vector<std::uint8_t>> inks{{0, 0, 0, 0},   {255, 0, 0, 0}, {0, 255, 0, 0},
                                                    {0, 0, 255, 0}, {0, 0, 0, 255}, {0, 0, 0, 128}};
  const std::vector<std::vector<int>> colours{{255, 255, 255}, {0, 255, 255}, {255, 0, 255},
                                              {255, 255, 0},   {0, 0, 0},     {127, 127, 127}};
  for (std::size_t i = 0; i < inks.size(); ++i) {
    Bytes cmyk;
    for (int pixel = 0; pixel < 16 * 16; ++pixel) cmyk.insert(cmyk.end(), inks[i].begin(), inks[i].end());
    const Image picture = decoded(encode_cmyk_jpeg({16, 16}, cmyk));
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(picture.rgb[c], colours[i][c], 2) << "ink " << i << " colour " << c;
  }
}

TEST(DecodePng, KeepsEveryPixel) {
  const Image picture = sample_picture(kOdd);
  EXPECT_EQ(decoded(encode(picture, ".png")).rgb, picture.rgb);
  EXPECT_EQ(decoded(encode_grey(grey_picture(kOdd), ".png")).rgb, grey_picture(kOdd).rgb);
}

TEST(DecodePng, DropsAlphaWithoutBlending) {
  const Image picture = sample_picture(kOdd);
  EXPECT_EQ(decoded(encode_with_alpha(picture, ".png")).rgb, picture.rgb);
}

TEST(DecodePng, TakesTheUpperEightOfSixteenBits) {
  const Bytes rows{0x12, 0x34, 0xFF, 0x00, 0x00, 0xFF};
  EXPECT_EQ(decoded(encode_png({1, 1}, rows, {.color_type = 2, .bit_depth = 16})).rgb,
            (Bytes{0x12, 0xFF, 0x00}));
  const Bytes grey{0x80, 0xFF, 0x01, 0x00};
  EXPECT_EQ(decoded(encode_png({1, 2}, grey, {.color_type = 0, .bit_depth = 16})).rgb,
            (Bytes{0x80, 0x80, 0x80, 1, 1, 1}));
}

TEST(DecodePng, ResolvesPalettesAndFewBits) {
  const Bytes palette{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
  const Bytes indices{0b00'01'10'11};
  EXPECT_EQ(decoded(encode_png({1, 4}, indices, {.color_type = 3, .bit_depth = 2}, palette)).rgb, palette);
  EXPECT_EQ(decoded(encode_png({1, 2}, Bytes{0b01'000000}, {.color_type = 0, .bit_depth = 1})).rgb,
            (Bytes{0, 0, 0, 255, 255, 255}));
  EXPECT_EQ(decoded(encode_png({1, 2}, Bytes{0x4F}, {.color_type = 0, .bit_depth = 4})).rgb,
            (Bytes{68, 68, 68, 255, 255, 255}));
}

TEST(DecodePng, ReadsInterlacedRows) {
  const Image picture = sample_picture(kOdd);
  EXPECT_EQ(decoded(encode_png(kOdd, picture.rgb, {.interlaced = true})).rgb, picture.rgb);
}

TEST(DecodePng, AppliesTheOrientationOfItsExifChunk) {
  const Image picture = sample_picture(kOdd);
  const Bytes bytes = encode_png(kOdd, picture.rgb, {.exif = exif_tiff({.orientation = 6})});
  EXPECT_EQ(decoded(bytes).size, (Size{kOdd.width, kOdd.height}));
}

TEST(DecodeBmp, KeepsEveryPixel) {
  const Image picture = sample_picture(kOdd);
  EXPECT_EQ(decoded(encode(picture, ".bmp")).rgb, picture.rgb);
  EXPECT_EQ(decoded(encode_grey(grey_picture(kOdd), ".bmp")).rgb, grey_picture(kOdd).rgb);
  EXPECT_EQ(decoded(encode_with_alpha(picture, ".bmp")).rgb, picture.rgb);
}

/// A bitmap of `width` x `height` with a 40-byte header, `extra` (masks, palette) and `data`.
Bytes bitmap(int width, int height, int bits, int compression, const Bytes& extra, const Bytes& data) {
  Bytes bytes(54, 0);
  const auto put = [&](std::size_t at, std::uint32_t value, int length) {
    for (int i = 0; i < length; ++i)
      bytes[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  put(0, 'B' | 'M' << 8, 2);
  put(10, static_cast<std::uint32_t>(54 + extra.size()), 4);
  put(14, 40, 4);
  put(18, static_cast<std::uint32_t>(width), 4);
  put(22, static_cast<std::uint32_t>(height), 4);
  put(26, 1, 2);
  put(28, static_cast<std::uint32_t>(bits), 2);
  put(30, static_cast<std::uint32_t>(compression), 4);
  put(46, bits <= 8 ? static_cast<std::uint32_t>(extra.size() / 4) : 0, 4);
  bytes.insert(bytes.end(), extra.begin(), extra.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

const Bytes kBlackRedPalette{0, 0, 0, 0, 0, 0, 255, 0};
const Bytes kBlackRed{0, 0, 0, 255, 0, 0};

TEST(DecodeBmp, ReadsFewBitsTopDownAndMasks) {
  EXPECT_EQ(decoded(bitmap(2, 1, 1, 0, kBlackRedPalette, {0b01000000, 0, 0, 0})).rgb, kBlackRed);
  EXPECT_EQ(decoded(bitmap(2, 1, 4, 0, kBlackRedPalette, {0x01, 0, 0, 0})).rgb, kBlackRed);
  EXPECT_EQ(decoded(bitmap(1, -2, 24, 0, {}, {0, 0, 0, 0, 0, 0, 255, 0})).rgb, kBlackRed);
  EXPECT_EQ(decoded(bitmap(1, 2, 24, 0, {}, {0, 0, 255, 0, 0, 0, 0, 0})).rgb, kBlackRed);
  EXPECT_EQ(decoded(bitmap(2, 1, 16, 0, {}, {0, 0, 0x00, 0x7C})).rgb, kBlackRed);
  const Bytes masks_565{0x00, 0xF8, 0, 0, 0xE0, 0x07, 0, 0, 0x1F, 0, 0, 0};
  EXPECT_EQ(decoded(bitmap(2, 1, 16, 3, masks_565, {0, 0, 0x00, 0xF8})).rgb, kBlackRed);
}

TEST(DecodeBmp, ReadsRunLengths) {
  EXPECT_EQ(decoded(bitmap(2, 1, 8, 1, kBlackRedPalette, {1, 0, 1, 1, 0, 1})).rgb, kBlackRed);
  EXPECT_EQ(decoded(bitmap(2, 1, 4, 2, kBlackRedPalette, {2, 0x01, 0, 1})).rgb, kBlackRed);
  // Three literal values padded to 16 bits, the end of the row, one run.
  const Image two_rows = decoded(bitmap(3, 2, 8, 1, kBlackRedPalette, {0, 3, 1, 0, 1, 0, 0, 0, 3, 1, 0, 1}));
  EXPECT_EQ(two_rows.rgb, (Bytes{255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 255, 0, 0}));
}

TEST(DecodeWebp, ReadsLosslessExactlyAndLossyInEitherOrderOfChannels) {
  const Image picture = sample_picture(kOdd);
  EXPECT_EQ(decoded(encode(picture, ".webp")).rgb, picture.rgb);
  const Bytes lossy = encode(picture, ".webp", {.quality = 80});
  EXPECT_EQ(decoded(lossy).rgb, read_webp(lossy).rgb);
  EXPECT_LE(largest_difference(decoded(lossy), picture),
            90);  // Noise goes; swapped channels differ by over 150
}

TEST(DecodeTiff, KeepsEveryPixelInEveryLayout) {
  const Image picture = sample_picture(kOdd);
  for (const int compression :
       {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
    for (const bool tiled : {false, true}) {
      for (const bool separate : {false, true}) {
        const Bytes bytes = encode_tiff(kOdd, picture.rgb,
                                        {.compression = compression, .tiled = tiled, .separate = separate});
        EXPECT_EQ(decoded(bytes).rgb, picture.rgb)
            << compression << (tiled ? " tiled" : "") << (separate ? " separate" : "");
      }
    }
  }
}

TEST(DecodeTiff, TakesTheUpperEightOfSixteenBits) {
  const Image picture = sample_picture(kOdd);
  EXPECT_EQ(decoded(encode_16_bit(picture, ".tiff")).rgb, picture.rgb);
}

TEST(DecodeTiff, DropsAlphaWithoutBlending) {
  const Bytes rgba{200, 100, 50, 10};
  EXPECT_EQ(decoded(encode_tiff({1, 1}, rgba, {.samples = 4, .unassociated_alpha = true})).rgb,
            (Bytes{200, 100, 50}));
}

TEST(DecodeTiff, ReadsGreyEitherWayRound) {
  const Bytes grey{0, 200};
  EXPECT_EQ(decoded(encode_tiff({1, 2}, grey, {.samples = 1, .photometric = PHOTOMETRIC_MINISBLACK})).rgb,
            (Bytes{0, 0, 0, 200, 200, 200}));
  EXPECT_EQ(decoded(encode_tiff({1, 2}, grey, {.samples = 1, .photometric = PHOTOMETRIC_MINISWHITE})).rgb,
            (Bytes{255, 255, 255, 55, 55, 55}));
}

TEST(DecodeTiff, ReadsCmyk) {
  const Bytes cmyk{255, 0, 0, 0, 0, 0, 0, 255};
  EXPECT_EQ(decoded(encode_tiff({1, 2}, cmyk, {.samples = 4, .photometric = PHOTOMETRIC_SEPARATED})).rgb,
            (Bytes{0, 255, 255, 0, 0, 0}));
}

// Old writers count colours to 255, not to 65535; libtiff says that it takes them so.
TEST(DecodeTiff, PalettesOfEightBitColoursAreRead) {
  const Bytes codes{7, 50};
  for (const std::uint16_t step : {1, 257}) {
    const TiffOptions options{.samples = 1, .photometric = PHOTOMETRIC_PALETTE, .palette_step = step};
    EXPECT_EQ(decoded(encode_tiff({1, 2}, codes, options)).rgb, (Bytes{7, 14, 21, 50, 100, 150})) << step;
  }
}

TEST(DecodeTiff, TakesTheLargestPageAndSaysSo) {
  const Image picture = sample_picture(kOdd);
  const Bytes equal = encode_tiff(kOdd, picture.rgb, {.pages = 3});
  EXPECT_EQ(decoded(equal).rgb, picture.rgb) << "of equal pages the first";
  EXPECT_EQ(codec::decode(equal, "a").note, "TIFF file of 3 pages: page 1, the largest, was read");
  const Image small = sample_picture({5, 7}, 2);
  const Bytes later = encode_tiff_pages({{small}, {picture}, {small}});
  EXPECT_EQ(decoded(later).rgb, picture.rgb);
  EXPECT_EQ(codec::decode(later, "a").note, "TIFF file of 3 pages: page 2, the largest, was read");
}

TEST(DecodeTiff, CountsNoSmallerCopiesAsPages) {
  const Image picture = sample_picture(kOdd);
  const Bytes pyramid = encode_tiff_pages({{picture}, {sample_picture({5, 7}), 1}});
  EXPECT_EQ(decoded(pyramid).rgb, picture.rgb);
  EXPECT_EQ(codec::decode(pyramid, "a").note, "");
}

/// `jpeg` with `surplus` before its end marker.
Bytes with_surplus(const Bytes& jpeg, const Bytes& surplus) {
  Bytes bytes(jpeg.begin(), jpeg.end() - 2);
  bytes.insert(bytes.end(), surplus.begin(), surplus.end());
  bytes.insert(bytes.end(), {0xFF, 0xD9});
  return bytes;
}

TEST(DecodeJpeg, PassesOverSurplusBytesBeforeItsEnd) {
  for (const bool progressive : {false, true}) {
    const Bytes jpeg = encode(sample_picture({101, 67}), ".jpg", {.progressive = progressive});
    ASSERT_EQ(jpeg[jpeg.size() - 1], 0xD9);
    const Image plain = decoded(jpeg);
    for (const Bytes& surplus : {Bytes(1, 0), Bytes(2, 0), Bytes(6, 0), Bytes(512, 0), Bytes(2048, 0x55)}) {
      EXPECT_EQ(decoded(with_surplus(jpeg, surplus)).rgb, plain.rgb) << surplus.size() << " bytes";
    }
  }
}

/// What ImageMagick makes of EXIF data: a name, a length, hexadecimal digits.
Bytes raw_profile(const Bytes& exif) {
  std::string text = "Raw profile type exif";
  text += '\0';
  text += "\nexif\n    " + std::to_string(exif.size()) + "\n";
  for (std::size_t i = 0; i < exif.size(); ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += {kDigits[exif[i] / 16], kDigits[exif[i] % 16]};
    if (i % 36 == 35) text += '\n';
  }
  return {text.begin(), text.end()};
}

TEST(DecodePng, TakesExifDataWithItsPrefixAndFromTexts) {
  const Bytes plain = encode(sample_picture({2, 3}), ".png");
  Bytes prefixed{'E', 'x', 'i', 'f', 0, 0};
  const Bytes exif = exif_tiff({.orientation = 6});
  prefixed.insert(prefixed.end(), exif.begin(), exif.end());
  const auto with_chunk = [&](const Bytes& chunk) {
    Bytes bytes = plain;
    bytes.insert(bytes.begin() + 33, chunk.begin(), chunk.end());
    return bytes;
  };
  EXPECT_EQ(decoded(plain).size, (Size{2, 3}));
  EXPECT_EQ(decoded(with_chunk(png_chunk("eXIf", exif))).size, (Size{3, 2}));
  EXPECT_EQ(decoded(with_chunk(png_chunk("eXIf", prefixed))).size, (Size{3, 2}));
  for (const Bytes& data : {exif, prefixed}) {
    const Bytes text = raw_profile(data);
    EXPECT_EQ(decoded(with_chunk(png_chunk("tEXt", text))).size, (Size{3, 2}));
    Bytes packed(text.begin(), text.begin() + 22);
    packed.push_back(0);  // zlib
    uLongf length = compressBound(text.size());
    Bytes stream(length);
    ASSERT_EQ(compress(stream.data(), &length, text.data() + 22, text.size() - 22), Z_OK);
    packed.insert(packed.end(), stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_EQ(decoded(with_chunk(png_chunk("zTXt", packed))).size, (Size{3, 2}));
  }
}

TEST(DecodeTiff, AppliesItsOrientation) {
  const Bytes rgb{1, 2, 3, 4, 5, 6};
  const Image picture = decoded(encode_tiff({1, 2}, rgb, {.orientation = 3}));
  EXPECT_EQ(picture.rgb, (Bytes{4, 5, 6, 1, 2, 3}));
}

Bytes text(const std::string& content) {
  return {content.begin(), content.end()};
}

TEST(DecodePnm, ReadsAllSixKinds) {
  EXPECT_EQ(decoded(text("P1\n# a comment\n2 1\n10")).rgb, (Bytes{0, 0, 0, 255, 255, 255}));
  EXPECT_EQ(decoded(text("P2 2 1 100\n0 50\n")).rgb, (Bytes{0, 0, 0, 128, 128, 128}));
  EXPECT_EQ(decoded(text("P3 1 1 255 1 2 3\n")).rgb, (Bytes{1, 2, 3}));
  EXPECT_EQ(decoded(text("P4 9 1\n\x7F\x7F")).rgb.at(0), 255);
  EXPECT_EQ(decoded(text("P4 9 1\n\x7F\x7F")).rgb.at(24), 255);
  EXPECT_EQ(decoded(text("P5 1 1 255\n\x09")).rgb, (Bytes{9, 9, 9}));
  EXPECT_EQ(decoded(text("P6 1 1 255\nabc")).rgb, text("abc"));
}

TEST(DecodePnm, ScalesSixteenBitsAndRounds) {
  EXPECT_EQ(decoded(text(std::string("P6 1 1 65535\n\x00\x80\x01\x01\xFF\xFF", 19))).rgb, (Bytes{0, 1, 255}));
  EXPECT_EQ(decoded(text("P5 1 1 15\n\x07")).rgb, (Bytes{119, 119, 119}));
}

TEST(DecodePnm, KeepsEveryPixelOfAnotherWriter) {
  const Image picture = sample_picture(kOdd);
  EXPECT_EQ(decoded(encode(picture, ".ppm")).rgb, picture.rgb);
  EXPECT_EQ(decoded(encode(picture, ".ppm", {.plain = true})).rgb, picture.rgb);
  EXPECT_EQ(decoded(encode_grey(grey_picture(kOdd), ".pgm")).rgb, grey_picture(kOdd).rgb);
}

TEST(Decode, ReadsOnePixelAndVeryNarrowPictures) {
  for (const Size size : {Size{1, 1}, Size{60, 900}, Size{1, 700}, Size{700, 1}}) {
    const Image picture = sample_picture(size);
    for (const char* extension : {".png", ".bmp", ".tiff", ".ppm"}) {
      EXPECT_EQ(decoded(encode(picture, extension)).rgb, picture.rgb) << extension;
    }
    EXPECT_EQ(decoded(encode(picture, ".jpg")).size, size);
    EXPECT_EQ(decoded(encode(picture, ".webp")).size, size);
  }
}

TEST(PictureCodecs, BeginningsAndExtensionsBelongToOneFormatEach) {
  const Image picture = sample_picture(kOdd);
  for (const codec::PictureCodec* codec : codec::kPictureCodecs) {
    EXPECT_FALSE(codec->extensions.front().empty()) << codec->name;
    for (const std::string_view extension : codec->extensions) {
      if (extension.empty()) continue;
      EXPECT_EQ(codec::codec_of_extension(extension), codec) << extension;
    }
  }
  for (const char* extension : {".jpg", ".png", ".bmp", ".webp", ".tif", ".ppm"}) {
    const Bytes bytes = encode(picture, extension);
    const codec::PictureCodec* const found = codec::codec_of_extension(extension + 1);
    ASSERT_NE(found, nullptr) << extension;
    for (const codec::PictureCodec* codec : codec::kPictureCodecs) {
      const bool same = codec->begins(bytes) == codec::Beginning::kWhole;
      EXPECT_EQ(same, codec == found) << extension << " as " << codec->name;
    }
    // A file that ends within the mark of its format is that format, cut.
    EXPECT_EQ(found->begins(std::span(bytes).first(1)), codec::Beginning::kCut) << extension;
  }
  EXPECT_EQ(codec::codec_of_extension(""), nullptr);
}

// tests/data/heif was made by libheif's encoders from a picture of our own: 96x64, its upper left 16x16 red,
// stored with a quarter turn clockwise in the container and in its EXIF data, which also names 28 mm (35 mm
// equivalent).
TEST(DecodeHeif, TurnsOnceAndFindsTheFocalLength) {
  if (!codec::kHeifCodec.is_read()) GTEST_SKIP() << "built without libheif";
  const std::filesystem::path folder = std::filesystem::path(DA3_TEST_DATA_DIR) / "heif";
  const codec::Decoded turned = codec::decode_file(folder / "turned.heic");
  ASSERT_EQ(turned.image.size, (Size{96, 64}));
  EXPECT_EQ(codec::read_size(folder / "turned.heic"), (Size{96, 64}));
  const auto at = [&](const Image& picture, int y, int x) {
    return &picture.rgb[3 * static_cast<std::size_t>(y * picture.size.width + x)];
  };
  EXPECT_GT(at(turned.image, 4, 59)[0], 230) << "red is at the upper right";
  EXPECT_LT(at(turned.image, 4, 4)[0], 60);
  ASSERT_TRUE(turned.exif_focal);
  EXPECT_NEAR(turned.exif_focal->focal_px, 28 / 43.27 * std::hypot(96, 64), 0.1);
  const codec::Decoded plain = codec::decode_file(folder / "plain.avif");
  ASSERT_EQ(plain.image.size, (Size{64, 96}));
  EXPECT_GT(at(plain.image, 4, 4)[0], 230);
  EXPECT_FALSE(plain.is_widely_read);
}

TEST(Decode, TellsTheTypeByTheContent) {
  const Image picture = sample_picture(kOdd);
  EXPECT_EQ(codec::decode(encode(picture, ".png"), "wrong.jpg").image.rgb, picture.rgb);
}

}  // namespace
}  // namespace da3::testing
