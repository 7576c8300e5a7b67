// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <video/av/memory_file.hpp>
#include <video/av/output.hpp>

#include <da3/error.hpp>

namespace da3::video::av {

void MemoryFile::CloseMemory::operator()(AVFormatContext* context) const {
  std::uint8_t* bytes = nullptr;
  if (context->pb != nullptr) avio_close_dyn_buf(std::exchange(context->pb, nullptr), &bytes);
  av_free(bytes);
  avformat_free_context(context);
}

void MemoryFile::CloseIo::operator()(AVIOContext* io) const {
  av_free(io->buffer);
  avio_context_free(&io);
}

MemoryFile::MemoryFile(const std::string& container)
    : output_(make_output("", container.c_str()).release()) {}

InputPtr MemoryFile::read_back() {
  std::uint8_t* bytes = nullptr;
  size_ = avio_close_dyn_buf(std::exchange(output_->pb, nullptr), &bytes);
  bytes_.reset(bytes);
  constexpr int kBuffer = 4096;
  io_.reset(avio_alloc_context(static_cast<std::uint8_t*>(av_malloc(kBuffer)), kBuffer, 0, this, read,
                               nullptr, seek));
  AVFormatContext* context = avformat_alloc_context();
  if (!io_ || context == nullptr)
    throw Error(ErrorCode::kOutOfMemory, "memory ran out while a video was tried out");
  context->pb = io_.get();
  if (avformat_open_input(&context, nullptr, nullptr, nullptr) < 0) return nullptr;  // Frees the context
  return InputPtr(context);
}

int MemoryFile::read(void* self, std::uint8_t* to, int count) {
  auto& file = *static_cast<MemoryFile*>(self);
  const auto some = static_cast<int>(std::min<std::int64_t>(count, file.size_ - file.at_));
  if (some <= 0) return AVERROR_EOF;
  std::memcpy(to, file.bytes_.get() + file.at_, static_cast<std::size_t>(some));
  file.at_ += some;
  return some;
}

std::int64_t MemoryFile::seek(void* self, std::int64_t offset, int whence) {
  auto& file = *static_cast<MemoryFile*>(self);
  if ((whence & AVSEEK_SIZE) != 0) return file.size_;
  const std::int64_t base = whence == SEEK_CUR ? file.at_ : whence == SEEK_END ? file.size_ : 0;
  if (base + offset < 0 || base + offset > file.size_) return AVERROR(EINVAL);
  return file.at_ = base + offset;
}

}  // namespace da3::video::av
