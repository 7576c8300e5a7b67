// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <sstream>

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputFile.h>
#include <ImfStringAttribute.h>
#include <codec/png.hpp>
#include <codec/tiff_file.hpp>
#include <formats/read_result.hpp>
#include <zip.h>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

using Bytes = std::span<const std::uint8_t>;

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw Error(ErrorCode::kImageCorrupt,
              name + ": no result of da3 that can be read (" + what + "); make it again with da3 infer");
}

/// Sides of a map that its file can hold.
Size checked_size(const std::string& name, long long height, long long width, std::uint64_t bytes,
                  std::size_t pixel_bytes) {
  constexpr long long kMost = 1 << 24;
  if (height < 1 || width < 1 || height > kMost || width > kMost) refuse(name, "its size makes no sense");
  const Size size{static_cast<int>(height), static_cast<int>(width)};
  if (pixel_bytes > 0 && bytes / pixel_bytes < size.area()) refuse(name, "it ends before its last value");
  return size;
}

DepthMap floats_of(Bytes data, Size size, bool big_endian = false) {
  DepthMap map{size, std::vector<float>(size.area())};
  std::memcpy(map.values.data(), data.data(), size.area() * sizeof(float));
  if (big_endian != (std::endian::native == std::endian::big)) {
    for (float& value : map.values) {
      auto bits = std::bit_cast<std::uint32_t>(value);
      bits = (bits >> 24U) | ((bits >> 8U) & 0xFF00U) | ((bits << 8U) & 0xFF0000U) | (bits << 24U);
      value = std::bit_cast<float>(bits);
    }
  }
  return map;
}

/// An npy file that da3 wrote: the type, the shape, where the data begin.
struct Npy {
  std::string header;
  std::array<long long, 2> shape{};
  Bytes data;
};

Npy parse_npy(Bytes bytes, const std::string& name) {
  constexpr std::size_t kPreamble = 10;
  if (bytes.size() < kPreamble || std::memcmp(bytes.data(), "\x93NUMPY\x01", 7) != 0)
    refuse(name, "not an npy array of version 1");
  const std::size_t length = bytes[8] | static_cast<std::size_t>(bytes[9]) << 8U;
  if (bytes.size() < kPreamble + length) refuse(name, "it ends within its header");
  Npy npy;
  npy.header.assign(reinterpret_cast<const char*>(bytes.data()) + kPreamble, length);
  npy.data = bytes.subspan(kPreamble + length);
  const std::size_t open = npy.header.find('(');
  if (npy.header.find("'fortran_order': False") == std::string::npos || open == std::string::npos)
    refuse(name, "not in C order");
  const char* at = npy.header.data() + open + 1;
  const char* end = npy.header.data() + npy.header.size();
  for (long long& side : npy.shape) {
    while (at != end && (*at == ' ' || *at == ',')) ++at;
    const auto [next, error] = std::from_chars(at, end, side);
    if (error != std::errc()) refuse(name, "not of two dimensions");
    at = next;
  }
  return npy;
}

DepthMap map_of_npy(Bytes bytes, const std::string& name) {
  const Npy npy = parse_npy(bytes, name);
  if (npy.header.find("'<f4'") == std::string::npos) refuse(name, "its values are not float32");
  return floats_of(npy.data, checked_size(name, npy.shape[0], npy.shape[1], npy.data.size(), sizeof(float)));
}

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::vector<std::uint8_t> zip_entry(zip_t* archive, const char* entry, const std::string& name,
                                    std::uint64_t limit) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat(archive, entry, 0, &stat) != 0) return {};
  const std::unique_ptr<zip_file_t, Discard> file(zip_fopen(archive, entry, 0));
  // Deflate packs to no less than 1/1032; a size beyond that is no truth.
  if (!file || (stat.valid & ZIP_STAT_SIZE) == 0 || stat.size / 1033 > limit)
    refuse(name, "its entries cannot be read");
  std::vector<std::uint8_t> bytes(stat.size);
  if (zip_fread(file.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size())) {
    refuse(name, std::string("its entry ") + entry + " is damaged");
  }
  return bytes;
}

OutputSet read_npz(Bytes bytes, const std::string& name) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) throw std::bad_alloc();
  const std::unique_ptr<zip_t, Discard> archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (!archive) {
    zip_source_free(source);
    refuse(name, "not a zip archive");
  }
  OutputSet set;
  const auto entry = [&](const char* key) { return zip_entry(archive.get(), key, name, bytes.size()); };
  const std::vector<std::uint8_t> depth = entry("depth.npy");
  if (depth.empty()) refuse(name, "it has no array depth");
  set.depth = map_of_npy(depth, name);
  if (const auto confidence = entry("confidence.npy"); !confidence.empty())
    set.confidence = map_of_npy(confidence, name);
  if (const auto sky = entry("sky.npy"); !sky.empty()) set.sky = map_of_npy(sky, name);
  if (const auto camera = entry("intrinsics.npy"); !camera.empty()) {
    const Npy npy = parse_npy(camera, name);
    std::array<double, 9> matrix{};
    if (npy.header.find("'<f8'") != std::string::npos && npy.data.size() >= sizeof(matrix)) {
      std::memcpy(matrix.data(), npy.data.data(), sizeof(matrix));
      set.camera = image::Intrinsics{matrix[0], matrix[4], matrix[2], matrix[5]};
    }
  }
  return set;
}

/// OpenEXR's input from memory.
class MemoryInput final : public Imf::IStream {
 public:
  MemoryInput(Bytes bytes, const std::string& name) : Imf::IStream(name.c_str()), bytes_(bytes) {}
  bool read(char to[], int count) override {
    const auto wanted = static_cast<std::size_t>(count);
    if (position_ > bytes_.size() || bytes_.size() - position_ < wanted)
      throw std::runtime_error("the file ends too early");
    std::memcpy(to, bytes_.data() + position_, wanted);
    position_ += wanted;
    return position_ < bytes_.size();
  }
  std::uint64_t tellg() override { return position_; }
  void seekg(std::uint64_t position) override { position_ = position; }

 private:
  Bytes bytes_;
  std::uint64_t position_ = 0;
};

std::string exr_text(const Imf::Header& header, const char* key) {
  const auto* text = header.findTypedAttribute<Imf::StringAttribute>(key);
  return text == nullptr ? std::string() : text->value();
}

std::optional<image::Intrinsics> camera_of_text(const std::string& text) {
  std::istringstream fields(text);
  image::Intrinsics camera;
  if (!(fields >> camera.fx >> camera.fy >> camera.cx >> camera.cy)) return std::nullopt;
  return camera;
}

void take_facts(OutputSet& set, const std::string& kind, const std::string& unit) {
  for (const DepthKind each :
       {DepthKind::kRelative, DepthKind::kMetric, DepthKind::kCanonical, DepthKind::kInverse}) {
    if (kind == da3::to_string(each)) set.kind = each;
  }
  if (unit == "m") set.unit = unit;
}

OutputSet read_exr(Bytes bytes, const std::string& name) {
  try {
    MemoryInput stream(bytes, name);
    Imf::InputFile file(stream, /*numThreads=*/0);
    const Imath::Box2i window = file.header().dataWindow();
    const Size size =
        checked_size(name, window.max.y - window.min.y + 1LL, window.max.x - window.min.x + 1LL, 0, 0);
    OutputSet set;
    Imf::FrameBuffer frame;
    const auto add = [&](const char* channel, DepthMap& map) {
      map = {size, std::vector<float>(size.area())};
      frame.insert(channel, Imf::Slice::Make(Imf::FLOAT, map.values.data(), window, sizeof(float),
                                             sizeof(float) * static_cast<std::size_t>(size.width)));
    };
    const Imf::ChannelList& channels = file.header().channels();
    if (channels.findChannel("Z") == nullptr) refuse(name, "it has no channel Z");
    add("Z", set.depth);
    if (channels.findChannel("confidence") != nullptr) add("confidence", set.confidence.emplace());
    if (channels.findChannel("sky") != nullptr) add("sky", set.sky.emplace());
    file.setFrameBuffer(frame);
    file.readPixels(window.min.y, window.max.y);
    take_facts(set, exr_text(file.header(), "da3Kind"), exr_text(file.header(), "da3Unit"));
    set.camera = camera_of_text(exr_text(file.header(), "da3Intrinsics"));
    return set;
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    refuse(name, error.what());
  }
}

OutputSet read_pfm(Bytes bytes, const std::string& name) {
  std::istringstream header(
      std::string(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 128)));
  std::string magic;
  long long width = 0;
  long long height = 0;
  double scale = 0;
  if (!(header >> magic >> width >> height >> scale) || magic != "Pf")
    refuse(name, "not a PFM file of one channel");
  const Bytes data =
      bytes.subspan(std::min<std::size_t>(static_cast<std::size_t>(header.tellg()) + 1, bytes.size()));
  const Size size = checked_size(name, height, width, data.size(), sizeof(float));
  const DepthMap upside_down = floats_of(data, size, scale > 0);
  OutputSet set;
  set.depth = {size, {}};
  set.depth.values.reserve(size.area());
  for (int y = size.height - 1; y >= 0; --y) {
    const auto row = upside_down.values.begin() + static_cast<std::ptrdiff_t>(y) * size.width;
    set.depth.values.insert(set.depth.values.end(), row, row + size.width);
  }
  return set;
}

/// The text or the bracketed list behind "key": in da3's own description.
std::string described(const std::string& text, const std::string& key) {
  const std::size_t at = text.find("\"" + key + "\":");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + key.size() + 4;
  const char close = text[begin - 1] == '[' ? ']' : '"';
  const std::size_t end = text.find(close, begin);
  return end == std::string::npos ? std::string() : text.substr(begin, end - begin);
}

OutputSet read_tiff(Bytes bytes, const std::string& name) {
  const codec::TiffFile file(bytes);
  if (file.get() == nullptr) refuse(name, file.messages());
  const auto bits = file.tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 0);
  const auto samples = file.tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 0);
  const auto kind = file.tag<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, 0);
  if (bits != 32 || samples != 1 || kind != SAMPLEFORMAT_IEEEFP || TIFFIsTiled(file.get()) != 0) {
    refuse(name, "not a TIFF file of one float32 channel");
  }
  const Size size =
      checked_size(name, file.tag<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0),
                   file.tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0), bytes.size() * 1033, sizeof(float));
  OutputSet set;
  set.depth = {size, std::vector<float>(size.area())};
  for (int y = 0; y < size.height; ++y) {
    float* row = set.depth.values.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width);
    if (TIFFReadScanline(file.get(), row, static_cast<std::uint32_t>(y), 0) != 1)
      refuse(name, file.messages());
  }
  char* description = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_IMAGEDESCRIPTION, &description) == 1 && description != nullptr) {
    const std::string text = description;
    take_facts(set, described(text, "kind"), described(text, "unit"));
    std::string camera = described(text, "intrinsics");
    std::replace(camera.begin(), camera.end(), ',', ' ');
    set.camera = camera_of_text(camera);
  }
  return set;
}

/// The tEXt chunk of that key; empty without one.
std::string png_text(Bytes bytes, std::string_view key) {
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kAround = 12;  // Length, type, checksum
  for (std::size_t at = kSignature; at + kAround <= bytes.size();) {
    std::size_t length = 0;
    for (std::size_t k = 0; k < 4; ++k) length = length << 8U | bytes[at + k];
    if (length > bytes.size() - at - kAround) break;
    const std::string_view type(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + at + 8, length);
    if (type == "tEXt" && text.size() > key.size() && text.starts_with(key) && text[key.size()] == '\0') {
      return std::string(text.substr(key.size() + 1));
    }
    if (type == "IDAT" && key.empty()) break;
    at += kAround + length;
  }
  return {};
}

OutputSet read_png16(Bytes bytes, const std::string& name) {
  const auto number = [&](const char* key) {
    const std::string text = png_text(bytes, key);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || text.empty()) refuse(name, std::string("it has no text chunk ") + key);
    return value;
  };
  const double scale = number("da3:scale");
  const double offset = number("da3:offset");
  const codec::Grey16 grey = codec::decode_grey16_png({bytes, name, std::uint64_t{1} << 40});
  OutputSet set;
  set.depth = {grey.size, std::vector<float>(grey.size.area())};
  std::transform(grey.values.begin(), grey.values.end(), set.depth.values.begin(), [&](std::uint16_t code) {
    return code == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(scale * code + offset);
  });
  take_facts(set, png_text(bytes, "da3:kind"), png_text(bytes, "da3:unit"));
  return set;
}

}  // namespace

bool is_readable(Format format) {
  return best_readable({format}).has_value();
}

std::optional<Format> best_readable(const std::vector<Format>& formats) {
  for (const Format each : {Format::kNpz, Format::kExr, Format::kTiff, Format::kNpy, Format::kPfm,
                            Format::kPng16, Format::kExr16}) {
    if (contains(formats, each)) return each;
  }
  return std::nullopt;
}

OutputSet read_result(Bytes bytes, Format format, const std::string& name) {
  try {
    switch (format) {
      case Format::kNpz:
        return read_npz(bytes, name);
      case Format::kExr:
      case Format::kExr16:
        return read_exr(bytes, name);
      case Format::kNpy: {
        OutputSet set;
        set.depth = map_of_npy(bytes, name);
        return set;
      }
      case Format::kPfm:
        return read_pfm(bytes, name);
      case Format::kTiff:
        return read_tiff(bytes, name);
      case Format::kPng16:
        return read_png16(bytes, name);
      default:
        throw Error(ErrorCode::kImageUnsupported,
                    name + ": depth cannot be read back from " + std::string(to_string(format)) +
                        " files; make npz, exr, npy, pfm, tiff or png16 with da3 infer");
    }
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, name + ": there is not enough memory to read it");
  }
}

}  // namespace da3::formats
