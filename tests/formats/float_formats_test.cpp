// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdlib>
#include <limits>

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfInputFile.h>
#include <ImfStringAttribute.h>
#include <formats/fixtures.hpp>
#include <formats/float_formats.hpp>
#include <formats/float_tiff.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tiffio.h>

#include <da3/error.hpp>

#include <testing/npz.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::formats {
namespace {

using da3::testing::TemporaryFolder;

bool has_numpy() {
  return std::system("python3 -c 'import numpy' >/dev/null 2>&1") == 0;
}

/// Runs Python on files in `folder`; true if the script raised nothing.
bool python_agrees(const TemporaryFolder& folder, const std::string& script) {
  const auto file = folder.write("check.py", script);
  return std::system(("cd '" + folder.path().string() + "' && python3 '" + file.string() + "'").c_str()) == 0;
}

/// One channel of an EXR file as the OpenEXR library reads it.
std::vector<float> read_channel(const std::filesystem::path& file, const char* name, Size size) {
  Imf::InputFile input(file.c_str());
  const auto* channel = input.header().channels().findChannel(name);
  if (channel == nullptr || channel->type != Imf::FLOAT) return {};
  std::vector<float> values(size.area());
  Imf::FrameBuffer frame;
  frame.insert(name, Imf::Slice(Imf::FLOAT, reinterpret_cast<char*>(values.data()), sizeof(float),
                                sizeof(float) * static_cast<std::size_t>(size.width)));
  input.setFrameBuffer(frame);
  input.readPixels(0, size.height - 1);
  return values;
}

template <typename T>
T little_endian(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  T value{};
  if (at + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

/// Channel `index` of `num_channels` float channels of an uncompressed EXR file with one line a block, by the
/// layout of the OpenEXR specification: magic, version, attributes up to a zero byte, line offsets, then per
/// line its number, its size and each channel's values.
std::vector<float> read_plain_exr(const std::vector<std::uint8_t>& bytes, std::size_t index,
                                  std::size_t num_channels, Size size) {
  if (little_endian<std::uint32_t>(bytes, 0) != 20000630 || little_endian<std::uint32_t>(bytes, 4) != 2)
    return {};
  std::size_t at = 8;
  const auto skip_text = [&] {
    while (bytes.at(at++) != 0) {
    }
  };
  while (bytes.at(at) != 0) {
    skip_text();
    skip_text();
    at += 4 + little_endian<std::uint32_t>(bytes, at);
  }
  const std::size_t offsets = at + 1;
  const auto width = static_cast<std::size_t>(size.width);
  std::vector<float> values;
  for (int y = 0; y < size.height; ++y) {
    const std::size_t line = little_endian<std::uint64_t>(bytes, offsets + 8 * static_cast<std::size_t>(y));
    if (little_endian<std::int32_t>(bytes, line) != y) return {};
    if (little_endian<std::uint32_t>(bytes, line + 4) != num_channels * width * sizeof(float)) return {};
    for (std::size_t x = 0; x < width; ++x) {
      values.push_back(little_endian<float>(bytes, line + 8 + (index * width + x) * sizeof(float)));
    }
  }
  return values;
}

TEST(Npy, HeaderIsAsTheFormatSaysAndDataAreAligned) {
  const auto bytes = encode_npy(slope(13, 7));
  ASSERT_GT(bytes.size(), 10U);
  EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 6), "\x93NUMPY");
  EXPECT_EQ(bytes[6], 1);
  EXPECT_EQ(bytes[7], 0);
  const std::size_t header = bytes[8] + 256U * bytes[9];
  EXPECT_EQ((10 + header) % 64, 0U);
  EXPECT_EQ(bytes[10 + header - 1], '\n');
  EXPECT_EQ(bytes.size(), 10 + header + 13U * 7U * 4U);
  const std::string text(bytes.begin() + 10, bytes.begin() + 10 + static_cast<std::ptrdiff_t>(header));
  EXPECT_THAT(text, ::testing::HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': (13, 7), }"));
}

TEST(Npz, HoldsEveryMapBitForBit) {
  const TemporaryFolder folder;
  const DepthMap depth = random_map(61, 43, 1);
  const DepthMap confidence = slope(61, 43);
  write_bytes(folder.path() / "a.npz", encode_npz({{"depth", &depth}, {"confidence", &confidence}}));
  const auto arrays = da3::testing::read_npz(folder.path() / "a.npz");
  ASSERT_EQ(arrays.size(), 2U);
  EXPECT_EQ(arrays.at("depth").shape, (std::vector<std::int64_t>{61, 43}));
  EXPECT_TRUE(same_bits(arrays.at("depth").floats, depth.values));
  EXPECT_TRUE(same_bits(arrays.at("confidence").floats, confidence.values));
}

TEST(Npz, KeepsOddValues) {
  const TemporaryFolder folder;
  const DepthMap map = odd_values();
  write_bytes(folder.path() / "a.npz", encode_npz({{"depth", &map}}));
  EXPECT_TRUE(same_bits(da3::testing::read_npz(folder.path() / "a.npz").at("depth").floats, map.values));
}

TEST(Npz, SameMapsGiveSameBytesInEveryTimeZone) {
  const DepthMap map = slope();
  const auto here = encode_npz({{"depth", &map}});
  const char* zone = std::getenv("TZ");
  const std::string before = zone != nullptr ? zone : "";
  setenv("TZ", "Pacific/Chatham", 1);
  tzset();
  const auto there = encode_npz({{"depth", &map}});
  zone != nullptr ? setenv("TZ", before.c_str(), 1) : unsetenv("TZ");
  tzset();
  EXPECT_EQ(here, there);
}

TEST(NpyAndNpz, NumpyReadsThem) {
  if (!has_numpy()) GTEST_SKIP() << "python3 with numpy is not here";
  const TemporaryFolder folder;
  const DepthMap depth = slope(13, 7);
  const DepthMap odd = odd_values();
  const DepthMap sky = slope(13, 7, 0.0F, 0.0078125F);
  write_bytes(folder.path() / "a.npy", encode_npy(depth));
  write_bytes(folder.path() / "odd.npy", encode_npy(odd));
  write_bytes(folder.path() / "a.npz", encode_npz({{"depth", &depth}, {"sky", &sky}}));
  EXPECT_TRUE(python_agrees(folder, R"(
import numpy as np
want = (np.float32(0.5) + np.float32(0.03125) * np.arange(91, dtype=np.float32)).reshape(13, 7)
a = np.load('a.npy')
assert a.dtype == np.float32 and a.flags['C_CONTIGUOUS'] and np.array_equal(a, want), a
z = np.load('a.npz')
assert sorted(z.files) == ['depth', 'sky'], z.files
assert z['depth'].dtype == np.float32 and np.array_equal(z['depth'], want)
assert z['sky'].shape == (13, 7) and z['sky'][0, 1] == 0.0078125
o = np.load('odd.npy').view(np.uint32).ravel()
assert o[0] == 0 and o[1] == 0x80000000 and o[2] == 0x7f800000 and o[3] == 0xff800000, o
import zipfile
assert zipfile.ZipFile('a.npz').testzip() is None
)"));
}

TEST(Pfm, HasItsRowsBottomFirstInLittleEndian) {
  const DepthMap map = random_map(23, 17, 4);
  const std::vector<std::uint8_t> pfm = encode_pfm(map);
  const std::string header = "Pf\n17 23\n-1.0\n";
  ASSERT_EQ(pfm.size(), header.size() + map.values.size() * sizeof(float));
  EXPECT_EQ(std::string(pfm.begin(), pfm.begin() + static_cast<std::ptrdiff_t>(header.size())), header);
  std::vector<float> read(map.values.size());
  for (std::size_t y = 0; y < 23; ++y)
    std::memcpy(read.data() + 17 * (22 - y), pfm.data() + header.size() + 17 * y * sizeof(float),
                17 * sizeof(float));
  EXPECT_TRUE(same_bits(read, map.values));
}

TEST(Exr, OpenExrReadsEveryChannelBitForBit) {
  const TemporaryFolder folder;
  const DepthMap depth = random_map(45, 33, 2);
  const DepthMap confidence = slope(45, 33);
  const DepthMap sky = random_map(45, 33, 3, 0.0F, 1.0F);
  const auto file = folder.path() / "a.exr";
  write_bytes(file, encode_exr({{"Z", &depth}, {"confidence", &confidence}, {"sky", &sky}},
                               {{"da3Kind", "metric"}, {"da3Unit", "m"}}));
  EXPECT_TRUE(same_bits(read_channel(file, "Z", depth.size), depth.values));
  EXPECT_TRUE(same_bits(read_channel(file, "confidence", depth.size), confidence.values));
  EXPECT_TRUE(same_bits(read_channel(file, "sky", depth.size), sky.values));
  Imf::InputFile input(file.c_str());
  EXPECT_TRUE(input.isComplete());
  EXPECT_EQ(input.header().dataWindow().max.x, 32);
  EXPECT_EQ(input.header().dataWindow().max.y, 44);
  EXPECT_EQ(input.header().typedAttribute<Imf::StringAttribute>("da3Kind").value(), "metric");
  EXPECT_EQ(input.header().typedAttribute<Imf::StringAttribute>("da3Unit").value(), "m");
}

TEST(Exr, KeepsOddValues) {
  const TemporaryFolder folder;
  const DepthMap map = odd_values();
  const auto file = folder.path() / "a.exr";
  write_bytes(file, encode_exr({{"Z", &map}}, {{"da3Kind", "relative"}}));
  EXPECT_TRUE(same_bits(read_channel(file, "Z", map.size), map.values));
}

TEST(Exr, EveryCompressionIsLossless) {
  const TemporaryFolder folder;
  const DepthMap map = random_map(45, 33, 2);
  const auto file = folder.path() / "a.exr";
  for (const char* name : {"none", "rle", "zips", "zip", "piz"}) {
    write_bytes(file, encode_exr({{"Z", &map}}, {}, {false, parse_exr_compression(name), ExrChannels::kZ}));
    EXPECT_TRUE(same_bits(read_channel(file, "Z", map.size), map.values)) << name;
  }
}

TEST(Exr, DepthIsRepeatedForProgramsThatReadNoZ) {
  const TemporaryFolder folder;
  const DepthMap map = random_map(9, 7, 2);
  const auto file = folder.path() / "a.exr";
  write_bytes(file, encode_exr({{"Z", &map}}, {}, {false, ExrCompression::kNone, ExrChannels::kY}));
  EXPECT_TRUE(same_bits(read_channel(file, "Y", map.size), map.values));
  EXPECT_TRUE(same_bits(read_channel(file, "Z", map.size), map.values));
  write_bytes(file, encode_exr({{"Z", &map}}, {}, {false, ExrCompression::kNone, ExrChannels::kRgb}));
  for (const char* channel : {"R", "G", "B", "Z"})
    EXPECT_TRUE(same_bits(read_channel(file, channel, map.size), map.values));
}

TEST(Exr, HalfKeepsElevenBitsAndItsLargestValue) {
  const TemporaryFolder folder;
  DepthMap map{{1, 4}, {1.0F, 1.0F + 1.0F / 1024, 1e9F, std::numeric_limits<float>::quiet_NaN()}};
  const auto file = folder.path() / "a.exr";
  write_bytes(file, encode_exr({{"Z", &map}}, {}, {true, ExrCompression::kZip, ExrChannels::kZ}));
  Imf::InputFile input(file.c_str());
  ASSERT_EQ(input.header().channels().findChannel("Z")->type, Imf::HALF);
  std::vector<float> values(4);
  Imf::FrameBuffer frame;
  frame.insert(
      "Z", Imf::Slice(Imf::FLOAT, reinterpret_cast<char*>(values.data()), sizeof(float), 4 * sizeof(float)));
  input.setFrameBuffer(frame);
  input.readPixels(0, 0);
  EXPECT_EQ(values[0], 1.0F);
  EXPECT_EQ(values[1], 1.0F + 1.0F / 1024);
  EXPECT_EQ(values[2], 65504.0F);
  EXPECT_TRUE(std::isnan(values[3]));
}

TEST(Tiff, LibtiffReadsItBitForBit) {
  const TemporaryFolder folder;
  const DepthMap map = random_map(300, 170, 4);
  const auto file = folder.path() / "a.tiff";
  write_bytes(file, encode_float_tiff(map, "{}"));
  TIFF* const tiff = TIFFOpen(file.c_str(), "r");
  ASSERT_NE(tiff, nullptr);
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t format = 0;
  std::uint16_t bits = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetField(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetField(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  EXPECT_EQ(width, 170U);
  EXPECT_EQ(height, 300U);
  EXPECT_EQ(format, SAMPLEFORMAT_IEEEFP);
  ASSERT_EQ(bits, 32);
  std::vector<float> values(map.values.size());
  for (std::uint32_t row = 0; row < height; ++row)
    ASSERT_EQ(TIFFReadScanline(tiff, values.data() + std::size_t{row} * width, row), 1);
  TIFFClose(tiff);
  EXPECT_TRUE(same_bits(values, map.values));
}

TEST(Exr, AReaderWrittenFromTheSpecificationFindsDepth) {
  for (const DepthMap& map : {random_map(23, 17, 9), odd_values()}) {
    const DepthMap sky = slope(map.size.height, map.size.width);
    const auto bytes = encode_exr({{"Z", &map}, {"sky", &sky}}, {});
    EXPECT_TRUE(same_bits(read_plain_exr(bytes, 0, 2, map.size), map.values)) << "Z sorts before sky";
    EXPECT_TRUE(same_bits(read_plain_exr(bytes, 1, 2, map.size), sky.values));
  }
}

TEST(FloatFormats, RefuseMapsThatDoNotFillTheirSize) {
  DepthMap map = slope();
  const DepthMap whole = slope();
  map.values.pop_back();
  EXPECT_THROW(encode_npy(map), Error);
  EXPECT_THROW(encode_pfm(map), Error);
  EXPECT_THROW(encode_npz({{"depth", &map}}), Error);
  EXPECT_THROW(encode_exr({{"Z", &whole}, {"sky", &map}}, {}), Error);
}

}  // namespace
}  // namespace da3::formats
