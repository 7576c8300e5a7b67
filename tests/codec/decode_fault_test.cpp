// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <codec/decode.hpp>
#include <codec/file_bytes.hpp>
#include <codec/picture_format.hpp>
#include <codec/samples.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <tiffio.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <testing/temporary_folder.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Size kSize{41, 59};

struct Failure {
  ErrorCode code;
  std::string message;
};

/// How decoding `bytes` fails, or nothing if it does not.
std::optional<Failure> failure_of(const Bytes& bytes, const std::string& name = "in/a.jpg",
                                  const codec::DecodeOptions& options = {}) {
  try {
    codec::decode(bytes, name, options);
  } catch (const Error& error) {
    return Failure{error.code(), error.what()};
  }
  return std::nullopt;
}

bool is_damage(ErrorCode code) {
  return code == ErrorCode::kImageTruncated || code == ErrorCode::kImageCorrupt;
}

struct Sample {
  std::string name;
  Bytes bytes;
  std::size_t optional_tail = 0;  ///< Bytes at the end that hold no pixel and may be missing
};

std::vector<Sample> one_of_each_format() {
  const Image picture = sample_picture(kSize);
  const Image grey = grey_picture(kSize);
  Bytes cmyk(kSize.area() * 4, 77);
  return {
      {"jpeg", encode(picture, ".jpg")},
      {"progressive jpeg", encode(picture, ".jpg", {.progressive = true})},
      {"jpeg with restarts", encode(picture, ".jpg", {.restart_interval = 1})},
      {"grey jpeg", encode_grey(grey, ".jpg")},
      {"cmyk jpeg", encode_cmyk_jpeg(kSize, cmyk)},
      {"png", encode(picture, ".png")},
      {"interlaced png", encode_png(kSize, picture.rgb, {.interlaced = true})},
      {"16-bit png", encode_16_bit(picture, ".png")},
      {"bmp", encode(picture, ".bmp"), 3},  // The padding of the last row
      {"webp", encode(picture, ".webp", {.quality = 80})},
      {"lossless webp", encode(picture, ".webp")},
      {"tiff", encode_tiff(kSize, picture.rgb, {})},
      {"lzw tiff", encode_tiff(kSize, picture.rgb, {.compression = COMPRESSION_LZW})},
      {"deflate tiff", encode_tiff(kSize, picture.rgb, {.compression = COMPRESSION_ADOBE_DEFLATE})},
      {"packbits tiff",
       encode_tiff(kSize, picture.rgb, {.compression = COMPRESSION_PACKBITS, .tiled = true})},
      {"16-bit tiff", encode_16_bit(picture, ".tiff")},
      {"ppm", encode(picture, ".ppm")},
      {"pgm", encode_grey(grey, ".pgm")},
      // The last number of a plain file may end with the file, so a cut digit cannot be seen.
      {"plain ppm", encode(picture, ".ppm", {.plain = true}), 4},
  };
}

TEST(DamagedFile, CutAnywhereIsNeverAPicture) {
  for (const Sample& sample : one_of_each_format()) {
    ASSERT_FALSE(failure_of(sample.bytes)) << sample.name;
    const std::size_t step = std::max<std::size_t>(1, sample.bytes.size() / 400);
    for (std::size_t length = 0; length < sample.bytes.size() - sample.optional_tail;
         length += length < 200 ? 1 : step) {
      const Bytes cut(sample.bytes.begin(), sample.bytes.begin() + static_cast<std::ptrdiff_t>(length));
      const auto failure = failure_of(cut);
      ASSERT_TRUE(failure) << sample.name << " cut to " << length << " of " << sample.bytes.size()
                           << " bytes";
      EXPECT_TRUE(is_damage(failure->code))
          << sample.name << " cut to " << length << ": " << failure->message;
      EXPECT_THAT(failure->message, StartsWith("in/a.jpg: "));
    }
    const Bytes cut(sample.bytes.begin(),
                    sample.bytes.end() - static_cast<std::ptrdiff_t>(1 + sample.optional_tail));
    EXPECT_TRUE(failure_of(cut)) << sample.name << " cut by its last byte";
  }
}

TEST(DamagedFile, PaddedBehindItsEndIsStillAPicture) {
  for (const Sample& sample : one_of_each_format()) {
    if (sample.name.find("plain") != std::string::npos) continue;
    Bytes padded = sample.bytes;
    padded.resize(padded.size() + 1000, 0);
    EXPECT_FALSE(failure_of(padded)) << sample.name;
  }
}

TEST(DamagedFile, WithAnyByteChangedGivesAPictureOrAnErrorButNoCrash) {
  for (const Sample& sample : one_of_each_format()) {
    const std::size_t step = std::max<std::size_t>(1, sample.bytes.size() / 300);
    for (std::size_t at = 0; at < sample.bytes.size(); at += at < 100 ? 1 : step) {
      for (const int change : {0xFF, 0x01, 0x80}) {
        Bytes changed = sample.bytes;
        changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
        const auto failure = failure_of(changed, "a", {.max_pixels = 1 << 20});
        if (failure) {
          EXPECT_NE(failure->code, ErrorCode::kInternal) << failure->message;
        }
      }
    }
  }
}

TEST(DamagedFile, WithAWrongPngChecksumIsAnError) {
  const Bytes bytes = encode(sample_picture(kSize), ".png");
  for (std::size_t at = 8; at < bytes.size(); ++at) {
    Bytes changed = bytes;
    changed[at] ^= 0x10;
    EXPECT_TRUE(failure_of(changed)) << "byte " << at;
  }
}

TEST(DamagedFile, WithRubbishInAJpegScanIsAnError) {
  Bytes bytes = encode(sample_picture({200, 300}), ".jpg");
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 64; ++i) bytes[i] = 0xFF;
  const auto failure = failure_of(bytes);
  ASSERT_TRUE(failure);
  EXPECT_TRUE(is_damage(failure->code));
}

TEST(DamagedFile, SaysHowManyBytesAreThere) {
  const Bytes bmp = encode(sample_picture({40, 40}), ".bmp");
  ASSERT_EQ(bmp.size(), 54U + 40 * 120);
  const Bytes cut(bmp.begin(), bmp.begin() + 1234);
  EXPECT_EQ(failure_of(cut)->message,
            "in/a.jpg: BMP data end early (1,234 of 4,854 bytes); copy the file again");
  const Bytes jpeg = encode(sample_picture({400, 400}), ".jpg");
  const Bytes half(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(jpeg.size() / 2));
  EXPECT_THAT(failure_of(half)->message,
              ::testing::AllOf(HasSubstr("JPEG data end early (after "), HasSubstr("of 400)")));
}

Bytes text(const std::string& content) {
  return {content.begin(), content.end()};
}

TEST(ForeignFile, IsNamedForWhatItIs) {
  EXPECT_EQ(failure_of({})->code, ErrorCode::kImageTruncated);
  EXPECT_THAT(failure_of({})->message, HasSubstr("empty (0 bytes)"));
  EXPECT_EQ(failure_of(Bytes(5000, 0))->code, ErrorCode::kImageCorrupt);
  EXPECT_THAT(failure_of(Bytes(5000, 0))->message, HasSubstr("all of its 5,000 bytes are zero"));
  EXPECT_THAT(failure_of(text("hello there\n"))->message, HasSubstr("text file"));
  EXPECT_THAT(failure_of(text("<!DOCTYPE html><html>not found</html>"))->message, HasSubstr("web page"));
  EXPECT_EQ(failure_of(text("<!DOCTYPE html>"))->code, ErrorCode::kImageUnsupported);
  EXPECT_EQ(failure_of(Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13})->code, ErrorCode::kImageUnsupported);
  EXPECT_EQ(failure_of(text("BMW is a car"))->code, ErrorCode::kImageUnsupported);
}

TEST(ForeignFile, IsRefusedWithHowToConvertIt) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"GIF89a......", "ffmpeg"},
      {std::string("\x76\x2F\x31\x01\x02\0\0\0", 8), "oiiotool"},
      {std::string("\0\0\0\x18"
                   "ftypisom",
                   12),
       "ffmpeg"},
      {std::string("\0\0\0\x0CjP  \r\n\x87\n", 12), "opj_decompress"},
      {std::string("II*\0\x10\0\0\0CR\x02\0", 12), "darktable-cli"},
      {"FUJIFILMCCD-RAW 0201", "darktable-cli"}};
  for (const auto& [content, advice] : cases) {
    const auto failure = failure_of(text(content));
    ASSERT_TRUE(failure) << content;
    EXPECT_EQ(failure->code, ErrorCode::kImageUnsupported) << failure->message;
    EXPECT_THAT(failure->message, HasSubstr(advice));
  }
  const Bytes tiff = encode(sample_picture(kSize), ".tiff");
  EXPECT_EQ(failure_of(tiff, "photo.NEF")->code, ErrorCode::kImageUnsupported);
  EXPECT_EQ(failure_of(tiff, "photo.dng")->code, ErrorCode::kImageUnsupported);
}

/// Whole files of kinds that are not read: a new copy would be the same, so they are never called damaged.
TEST(ForeignFile, ThatIsWholeIsNeverCalledDamaged) {
  std::vector<std::pair<std::string, Bytes>> cases;
  Bytes cgbi = png_start(8, 8);
  const Bytes first = png_chunk("CgBI", {0x50, 0, 0x20, 2});
  cgbi.insert(cgbi.begin() + 8, first.begin(), first.end());
  cases.emplace_back("CgBI PNG", cgbi);
  const Image picture = sample_picture({64, 96});
  cases.emplace_back("sparse TIFF", encode_tiff(picture.size, picture.rgb, {.tiled = true, .sparse = true}));
  cases.emplace_back("JPEG-LS",
                     Bytes{0xFF, 0xD8, 0xFF, 0xF7, 0, 11, 8, 0, 4, 0, 4, 1, 1, 0x11, 0, 0xFF, 0xD9});
  cases.emplace_back("JPEG tables", Bytes{0xFF, 0xD8, 0xFF, 0xDB, 0, 4, 0, 0, 0xFF, 0xD9});
  const auto bitmap = [](std::uint8_t bits, std::uint8_t compression) {
    Bytes bytes(200, 0);
    bytes[0] = 'B';
    bytes[1] = 'M';
    bytes[10] = 54;
    bytes[14] = 40;
    bytes[18] = bytes[22] = 4;
    bytes[26] = 1;
    bytes[28] = bits;
    bytes[30] = compression;
    return bytes;
  };
  cases.emplace_back("BMP with a JPEG", bitmap(0, 4));
  cases.emplace_back("fax BMP", bitmap(1, 3));
  cases.emplace_back("24-bit runs BMP", bitmap(24, 4));
  cases.emplace_back("CMYK BMP", bitmap(32, 11));
  cases.emplace_back("64-bit BMP", bitmap(64, 0));
  cases.emplace_back("2-bit BMP", bitmap(2, 0));
  for (const auto& [name, bytes] : cases) {
    const auto failure = failure_of(bytes);
    ASSERT_TRUE(failure) << name;
    EXPECT_EQ(failure->code, ErrorCode::kImageUnsupported) << name << ": " << failure->message;
  }
}

TEST(DamagedFile, WithRubbishBeforeARestartMarkerIsAnError) {
  Bytes jpeg = encode(sample_picture({64, 64}), ".jpg", {.restart_interval = 4});
  ASSERT_FALSE(failure_of(jpeg));
  for (std::size_t at = jpeg.size() / 2; at + 1 < jpeg.size(); ++at) {
    if (jpeg[at] != 0xFF || jpeg[at + 1] < 0xD0 || jpeg[at + 1] > 0xD7) continue;
    jpeg.insert(jpeg.begin() + static_cast<std::ptrdiff_t>(at), 40, 0x55);
    break;
  }
  const auto failure = failure_of(jpeg);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::kImageCorrupt);
}

TEST(Heif, IsRefusedWithHowToConvertItWithoutALibrary) {
  for (const char* brand : {"ftypheic", "ftypavif", "ftypmif1"}) {
    const auto failure = failure_of(text(std::string("\0\0\0\x18", 4) + brand));
    ASSERT_TRUE(failure) << brand;
    EXPECT_EQ(failure->code,
              codec::kHeifCodec.is_read() ? ErrorCode::kImageTruncated : ErrorCode::kImageUnsupported)
        << failure->message;
    if (!codec::kHeifCodec.is_read()) {
      EXPECT_THAT(failure->message, HasSubstr("heif-convert"));
    }
  }
}

TEST(Heif, CutAnywhereIsAnError) {
  if (!codec::kHeifCodec.is_read()) GTEST_SKIP() << "built without libheif";
  const Bytes whole = codec::read_file(std::filesystem::path(DA3_TEST_DATA_DIR) / "heif" / "turned.heic");
  for (std::size_t length = 13; length < whole.size(); length += 7) {
    EXPECT_TRUE(failure_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))))
        << length;
  }
}

TEST(ForeignFile, OfFloatingPointIsRefused) {
  const Bytes rows(4 * 4 * 4, 0);
  const auto failure = failure_of(
      encode_tiff({4, 4}, rows, {.bits = 32, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK}));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::kImageUnsupported);
}

/// Headers of 60000 x 60000 pixels with next to nothing behind.
std::vector<Sample> bombs(std::uint32_t side) {
  const auto low = static_cast<std::uint8_t>(side);
  const auto high = static_cast<std::uint8_t>(side >> 8);
  std::vector<Sample> samples;
  Bytes png = png_start(side, side);
  const Bytes data = png_chunk("IDAT", Bytes(1000, 0));
  const Bytes end = png_chunk("IEND", {});
  png.insert(png.end(), data.begin(), data.end());
  png.insert(png.end(), end.begin(), end.end());
  samples.push_back({"png", png});
  png[28] = 1;  // Interlaced; its checksum is wrong now, the size is looked at before
  samples.push_back({"interlaced png", png});
  Bytes jpeg = encode(sample_picture(kSize), ".jpg");
  for (std::size_t i = 2; i + 9 < jpeg.size(); ++i) {
    if (jpeg[i] != 0xFF || jpeg[i + 1] != 0xC0) continue;
    jpeg[i + 5] = jpeg[i + 7] = high;
    jpeg[i + 6] = jpeg[i + 8] = low;
    break;
  }
  samples.push_back({"jpeg", jpeg});
  Bytes progressive = encode(sample_picture(kSize), ".jpg", {.progressive = true});
  for (std::size_t i = 2; i + 9 < progressive.size(); ++i) {
    if (progressive[i] != 0xFF || progressive[i + 1] != 0xC2) continue;
    progressive[i + 5] = progressive[i + 7] = high;
    progressive[i + 6] = progressive[i + 8] = low;
    break;
  }
  samples.push_back({"progressive jpeg", progressive});
  Bytes bmp = encode(sample_picture(kSize), ".bmp");
  bmp[18] = bmp[22] = low;
  bmp[19] = bmp[23] = high;
  samples.push_back({"bmp", bmp});
  const std::string sides = std::to_string(side) + " " + std::to_string(side);
  for (const char* kind : {"P2", "P3", "P5", "P6"})
    samples.push_back({kind, text(std::string(kind) + "\n" + sides + "\n255\n1 2 3\n")});
  for (const char* kind : {"P1", "P4"})
    samples.push_back({kind, text(std::string(kind) + "\n" + sides + "\n1 0 1\n")});
  Bytes tiff = encode_tiff({1, 1}, Bytes{1, 2, 3}, {});
  const std::size_t directory = tiff[4] | std::size_t{tiff[5]} << 8;
  for (std::size_t entry = 0; entry < tiff[directory]; ++entry) {
    std::uint8_t* field = tiff.data() + directory + 2 + 12 * entry;
    const unsigned tag = field[0] | static_cast<unsigned>(field[1]) << 8;
    if (tag != TIFFTAG_IMAGEWIDTH && tag != TIFFTAG_IMAGELENGTH && tag != TIFFTAG_ROWSPERSTRIP) continue;
    field[8] = low;
    field[9] = high;
  }
  samples.push_back({"tiff", tiff});
  return samples;
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(HeaderBomb, IsRefusedBeforeMemoryIsTaken) {
  const long before = peak_kib();
  for (const Sample& bomb : bombs(60000)) {
    const auto failure = failure_of(bomb.bytes);
    ASSERT_TRUE(failure) << bomb.name;
    EXPECT_EQ(failure->code, ErrorCode::kImageTooLarge) << bomb.name << ": " << failure->message;
    EXPECT_THAT(failure->message, HasSubstr("60000x60000"));
  }
  EXPECT_LT(peak_kib() - before, 16 * 1024);
}

TEST(HeaderBomb, WithinTheLimitTakesNoMemoryForPixelsThatAreNotThere) {
  const long before = peak_kib();
  for (const Sample& bomb : bombs(16000)) {
    const auto failure = failure_of(bomb.bytes);
    ASSERT_TRUE(failure) << bomb.name;
    EXPECT_TRUE(is_damage(failure->code)) << bomb.name << ": " << failure->message;
  }
  // The pixels would take 750 MiB; AddressSanitizer's shadow of what is only reserved an eighth of that.
  EXPECT_LT(peak_kib() - before, 160 * 1024);
}

TEST(PixelLimit, CountsAllFormats) {
  for (const Sample& sample : one_of_each_format()) {
    EXPECT_FALSE(failure_of(sample.bytes, "a", {.max_pixels = kSize.area()})) << sample.name;
    const auto failure = failure_of(sample.bytes, "a", {.max_pixels = kSize.area() - 1});
    ASSERT_TRUE(failure) << sample.name;
    EXPECT_EQ(failure->code, ErrorCode::kImageTooLarge) << sample.name;
  }
}

TEST(Decode, PrintsNothingOnDamagedFiles) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "stderr").string();
  std::fflush(stderr);
  const int saved = dup(STDERR_FILENO);
  const int file = open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  dup2(file, STDERR_FILENO);
  for (const Sample& sample : one_of_each_format()) {
    for (const std::size_t part : {3, 10, 50, 90}) {
      failure_of(Bytes(sample.bytes.begin(),
                       sample.bytes.begin() + static_cast<std::ptrdiff_t>(sample.bytes.size() * part / 100)));
      Bytes changed = sample.bytes;
      changed[sample.bytes.size() * part / 100] ^= 0xFF;
      failure_of(changed, "a", {.max_pixels = 1 << 20});
    }
  }
  std::fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(file);
  EXPECT_EQ(std::filesystem::file_size(path), 0U);
}

ErrorCode file_failure(const std::filesystem::path& path) {
  try {
    codec::decode_file(path);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), StartsWith(path.string()));
    return error.code();
  }
  return ErrorCode::kInternal;
}

TEST(DecodeFile, RefusesWhatIsNoRegularFileWithoutWaiting) {
  const TemporaryFolder folder;
  const auto fifo = folder.path() / "fifo.jpg";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(file_failure(fifo), ErrorCode::kInputNotRegular);
  EXPECT_EQ(file_failure(folder.path()), ErrorCode::kInputNotRegular);
  EXPECT_EQ(file_failure("/dev/zero"), ErrorCode::kInputNotRegular);
  const auto socket_path = folder.path() / "socket.jpg";
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path.c_str());
  ASSERT_EQ(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(file_failure(socket_path), ErrorCode::kInputNotRegular);
  close(descriptor);
}

TEST(DecodeFile, NamesMissingAndUnreadableFiles) {
  const TemporaryFolder folder;
  EXPECT_EQ(file_failure(folder.path() / "missing.jpg"), ErrorCode::kInputNotFound);
  std::filesystem::create_symlink("loop.jpg", folder.path() / "loop.jpg");
  EXPECT_EQ(file_failure(folder.path() / "loop.jpg"), ErrorCode::kInputUnreadable);
  EXPECT_EQ(file_failure(folder.write("empty.jpg", "")), ErrorCode::kImageTruncated);
}

TEST(DecodeFile, DoesNotReadAHugeFileThatIsNoPicture) {
  const TemporaryFolder folder;
  const long before = peak_kib();
  const auto video = folder.write("video.jpg", std::string("\0\0\0\x18"
                                                           "ftypisom",
                                                           12));
  std::filesystem::resize_file(video, std::uintmax_t{8} << 30);
  EXPECT_EQ(file_failure(video), ErrorCode::kImageUnsupported);
  const Bytes bmp = encode(sample_picture(kSize), ".bmp");
  const auto padded = folder.write("padded.bmp", {reinterpret_cast<const char*>(bmp.data()), bmp.size()});
  std::filesystem::resize_file(padded, std::uintmax_t{8} << 30);
  EXPECT_EQ(file_failure(padded), ErrorCode::kImageTooLarge);
  EXPECT_LT(peak_kib() - before, 16 * 1024);
}

TEST(ReadSize, AgreesWithDecodingForEveryFormat) {
  const TemporaryFolder folder;
  for (const Sample& sample : one_of_each_format()) {
    const auto path =
        folder.write("a", {reinterpret_cast<const char*>(sample.bytes.data()), sample.bytes.size()});
    EXPECT_EQ(codec::read_size(path), kSize) << sample.name;
  }
}

TEST(ReadSize, FindsAFrameBehindLargeSegments) {
  const TemporaryFolder folder;
  const Bytes plain = encode(sample_picture(kSize), ".jpg");
  Bytes jpeg(plain.begin(), plain.begin() + 2);
  for (int segment = 0; segment < 4; ++segment) {
    jpeg.insert(jpeg.end(), {0xFF, 0xE2, 0xFF, 0xFF});
    jpeg.insert(jpeg.end(), 0xFFFF - 2, 0);
  }
  jpeg.insert(jpeg.end(), plain.begin() + 2, plain.end());
  const auto path = folder.write("a.jpg", {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
  EXPECT_EQ(codec::read_size(path), kSize);
  EXPECT_EQ(codec::decode_file(path).image.size, kSize);
}

/// A file of somebody else in the process, whose disk is full.
struct ForeignTiff {
  std::array<unsigned char, 4096> bytes{};

  static tmsize_t fail(thandle_t /*self*/, void* /*data*/, tmsize_t /*length*/) { return -1; }
  static toff_t seek(thandle_t /*self*/, toff_t offset, int /*whence*/) { return offset; }
  static int close(thandle_t /*self*/) { return 0; }
  static toff_t size(thandle_t /*self*/) { return 0; }
};

// Before 4.5 libtiff tells one handler about all files of a process.
TEST(DamagedFile, MessagesAboutForeignTiffFilesAreLeftAlone) {
  const Bytes picture = encode(sample_picture(kSize), ".tif");
  EXPECT_FALSE(failure_of(picture, "in/a.tif"));
  ForeignTiff foreign;
  foreign.bytes.fill(0xA5);
  const auto before = foreign.bytes;
  TIFF* const tiff =
      TIFFClientOpen("foreign", "wm", &foreign, ForeignTiff::fail, ForeignTiff::fail, ForeignTiff::seek,
                     ForeignTiff::close, ForeignTiff::size, nullptr, nullptr);
  if (tiff != nullptr) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 4);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    std::array<unsigned char, 4> row{};
    TIFFWriteScanline(tiff, row.data(), 0, 0);
    EXPECT_EQ(TIFFFlush(tiff), 0);
    TIFFClose(tiff);
  }
  EXPECT_TRUE(foreign.bytes == before);
}

}  // namespace
}  // namespace da3::testing
