// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string_view>
#include <unordered_set>

#include <codec/tiff_file.hpp>

namespace da3::codec {
namespace {

#if TIFFLIB_VERSION < 20221213
// Before 4.5 libtiff has one message handler a process; its extended form is told which file it is about,
// also of those that others open.
struct OpenFiles {
  std::mutex mutex;
  std::unordered_set<const void*> files;

  static OpenFiles& all() {
    static auto* const never_destroyed = new OpenFiles;
    return *never_destroyed;
  }
};

void silence(const char* /*module*/, const char* /*format*/, va_list /*arguments*/) {}
void collect(thandle_t self, const char* /*module*/, const char* format, va_list arguments) {
  OpenFiles& open = OpenFiles::all();
  {
    const std::lock_guard lock(open.mutex);
    if (!open.files.contains(self)) return;
  }
  static_cast<TiffFile*>(self)->add_message(format, arguments);
}
#else
int collect(TIFF* /*tiff*/, void* self, const char* /*module*/, const char* format, va_list arguments) {
  static_cast<TiffFile*>(self)->add_message(format, arguments);
  return 1;
}
#endif

tmsize_t refuse_write(thandle_t /*self*/, void* /*data*/, tmsize_t /*length*/) {
  return -1;
}
int keep_open(thandle_t /*self*/) {
  return 0;
}

}  // namespace

void TiffFile::add_message(const char* format, va_list arguments) {
  // Of palettes that count to 255, as old writers made them: nothing is lost.
  if (!messages_.empty() || std::string_view(format) == "Assuming 8-bit colormap") return;
  char text[200];
  std::vsnprintf(text, sizeof(text), format, arguments);
  messages_ = text;
}

tmsize_t TiffFile::read(thandle_t self, void* out, tmsize_t length) {
  auto& file = *static_cast<TiffFile*>(self);
  const std::size_t left = file.bytes_.size() - std::min(file.position_, file.bytes_.size());
  const std::size_t count = std::min(left, static_cast<std::size_t>(std::max<tmsize_t>(length, 0)));
  if (count > 0) std::memcpy(out, file.bytes_.data() + file.position_, count);
  file.position_ += count;
  return static_cast<tmsize_t>(count);
}

toff_t TiffFile::seek(thandle_t self, toff_t offset, int whence) {
  auto& file = *static_cast<TiffFile*>(self);
  const std::size_t base = whence == SEEK_CUR ? file.position_ : whence == SEEK_END ? file.bytes_.size() : 0;
  file.position_ = base + offset;
  return file.position_;
}

TiffFile::TiffFile(std::span<const std::uint8_t> bytes) : bytes_(bytes) {
  const auto size = [](thandle_t self) -> toff_t { return static_cast<TiffFile*>(self)->bytes_.size(); };
  const auto map = [](thandle_t self, void** base, toff_t* length) -> int {
    const auto& file = *static_cast<TiffFile*>(self);
    *base =
        const_cast<std::uint8_t*>(file.bytes_.data());  // Opened for reading: libtiff does not write to it
    *length = file.bytes_.size();
    return 1;
  };
  const auto unmap = [](thandle_t, void*, toff_t) {};
#if TIFFLIB_VERSION < 20221213
  static std::once_flag once;
  std::call_once(once, [] {
    TIFFSetErrorHandler(silence);
    TIFFSetWarningHandler(silence);
    TIFFSetErrorHandlerExt(collect);
    TIFFSetWarningHandlerExt(collect);
  });
  {
    const std::lock_guard lock(OpenFiles::all().mutex);
    OpenFiles::all().files.insert(this);
  }
  tiff_ = TIFFClientOpen("picture", "r", this, read, refuse_write, seek, keep_open, size, map, unmap);
#else
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), collect, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), collect, this);
  tiff_ = TIFFClientOpenExt("picture", "r", this, read, refuse_write, seek, keep_open, size, map, unmap,
                            options.get());
#endif
}

TiffFile::~TiffFile() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
#if TIFFLIB_VERSION < 20221213
  const std::lock_guard lock(OpenFiles::all().mutex);
  OpenFiles::all().files.erase(this);
#endif
}

}  // namespace da3::codec
