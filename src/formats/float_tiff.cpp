// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>

#include <formats/float_tiff.hpp>
#include <tiffio.h>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

/// libtiff's output into memory.
struct MemoryFile {
  std::vector<std::uint8_t> bytes;
  std::size_t position = 0;
  bool out_of_memory = false;
  std::string message;
};

MemoryFile& file_of(thandle_t self) {
  return *static_cast<MemoryFile*>(self);
}

tmsize_t read(thandle_t self, void* out, tmsize_t length) {
  MemoryFile& file = file_of(self);
  const std::size_t left = file.bytes.size() - std::min(file.position, file.bytes.size());
  const std::size_t count = std::min(left, static_cast<std::size_t>(std::max<tmsize_t>(length, 0)));
  if (count > 0) std::memcpy(out, file.bytes.data() + file.position, count);
  file.position += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write(thandle_t self, void* data, tmsize_t length) {
  MemoryFile& file = file_of(self);
  const auto count = static_cast<std::size_t>(length);
  try {
    file.bytes.resize(std::max(file.bytes.size(), file.position + count));
  } catch (const std::bad_alloc&) {
    file.out_of_memory = true;
    return -1;
  }
  std::memcpy(file.bytes.data() + file.position, data, count);
  file.position += count;
  return length;
}

toff_t seek(thandle_t self, toff_t offset, int whence) {
  MemoryFile& file = file_of(self);
  file.position = (whence == SEEK_CUR ? file.position : whence == SEEK_END ? file.bytes.size() : 0) + offset;
  return file.position;
}

int keep_open(thandle_t) {
  return 0;
}

toff_t size_of(thandle_t self) {
  return file_of(self).bytes.size();
}

#if TIFFLIB_VERSION < 20221213
// One handler a process; messages are not printed.
TIFF* open(MemoryFile& file) {
  static std::once_flag once;
  std::call_once(once, [] {
    TIFFSetErrorHandler(nullptr);
    TIFFSetWarningHandler(nullptr);
  });
  return TIFFClientOpen("result", "wm", &file, read, write, seek, keep_open, size_of, nullptr, nullptr);
}
#else
int collect(TIFF*, void* self, const char*, const char* format, va_list arguments) {
  char text[200];
  std::vsnprintf(text, sizeof(text), format, arguments);
  static_cast<MemoryFile*>(self)->message = text;
  return 1;
}

TIFF* open(MemoryFile& file) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), collect, &file);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), collect, &file);
  return TIFFClientOpenExt("result", "wm", &file, read, write, seek, keep_open, size_of, nullptr, nullptr,
                           options.get());
}
#endif

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};

/// Strips of about this many bytes: what a reader has to unpack for one row.
constexpr int kStripBytes = 1 << 16;
/// Depth has next to no repetitions to look for.
constexpr int kPackingLevel = 1;

bool write_map(TIFF* tiff, const DepthMap& map, const std::string& description) {
  const int row_bytes = map.size.width * static_cast<int>(sizeof(float));
  const int rows = std::clamp(kStripBytes / row_bytes, 1, map.size.height);
  bool done = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, map.size.width) == 1 &&
              TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, map.size.height) == 1 &&
              TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1) == 1 &&
              TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 32) == 1 &&
              TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP) == 1 &&
              TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK) == 1 &&
              TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == 1 &&
              TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) == 1 &&
              TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_FLOATINGPOINT) == 1 &&
              TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, kPackingLevel) == 1 &&
              TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows) == 1 &&
              TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, description.c_str()) == 1;
  const auto width = static_cast<std::size_t>(map.size.width);
  // The predictor works in the buffer it is given.
  std::vector<float> row(width);
  for (int y = 0; done && y < map.size.height; ++y) {
    std::memcpy(row.data(), map.values.data() + static_cast<std::size_t>(y) * width, width * sizeof(float));
    done = TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), 0) == 1;
  }
  return done && TIFFFlush(tiff) == 1;
}

}  // namespace

std::vector<std::uint8_t> encode_float_tiff(const DepthMap& map, const std::string& description) {
  if (map.size.height < 1 || map.size.width < 1 || map.values.size() != map.size.area()) {
    throw Error(ErrorCode::kInternal, "tiff: the map's values do not fill its size");
  }
  MemoryFile file;
  bool done = false;
  {
    const std::unique_ptr<TIFF, Close> tiff(open(file));
    done = tiff && write_map(tiff.get(), map, description);
  }
  if (file.out_of_memory) throw Error(ErrorCode::kOutOfMemory, "memory ran out while a TIFF file was made");
  if (!done) throw Error(ErrorCode::kInternal, "libtiff could not make a file: " + file.message);
  return std::move(file.bytes);
}

}  // namespace da3::formats
