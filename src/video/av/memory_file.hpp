// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <video/av/handles.hpp>

namespace da3::video::av {

/// A file in memory that is written, then read.
class MemoryFile {
 public:
  /// Throws: as make_output.
  explicit MemoryFile(const std::string& container);

  AVFormatContext* output() const { return output_.get(); }

  /// Before the header. Returns FFmpeg's error.
  int open() { return avio_open_dyn_buf(&output_->pb); }

  /// The finished file; null if it cannot be opened. Lifetime: this. To be called once. Throws: Error
  /// kOutOfMemory.
  InputPtr read_back();

 private:
  struct CloseMemory {
    void operator()(AVFormatContext* context) const;
  };
  struct CloseIo {
    void operator()(AVIOContext* io) const;
  };
  struct FreeBytes {
    void operator()(std::uint8_t* bytes) const { av_free(bytes); }
  };

  static int read(void* self, std::uint8_t* to, int count);
  static std::int64_t seek(void* self, std::int64_t offset, int whence);

  std::unique_ptr<AVFormatContext, CloseMemory> output_;
  std::unique_ptr<std::uint8_t, FreeBytes> bytes_;
  std::int64_t size_ = 0;
  std::int64_t at_ = 0;
  std::unique_ptr<AVIOContext, CloseIo> io_;
};

}  // namespace da3::video::av
