// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include <video/av/complaints.hpp>

namespace da3::video::av {
namespace {

/// Who listens to `speaker`, which is a structure that begins with its class.
Complaints* listener_of(void* speaker) {
  const AVClass* kind = *static_cast<const AVClass**>(speaker);
  const std::string_view name = kind != nullptr && kind->class_name != nullptr ? kind->class_name : "";
  void* listener = nullptr;
  if (name == "AVFormatContext") listener = static_cast<AVFormatContext*>(speaker)->opaque;
  // A decoder's threads have copies of it.
  if (name == "AVCodecContext") listener = static_cast<AVCodecContext*>(speaker)->opaque;
  return static_cast<Complaints*>(listener);
}

void hear(void* speaker, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR || speaker == nullptr) return;
  Complaints* const listener = listener_of(speaker);
  if (listener == nullptr) return;
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  listener->add(text);
}

}  // namespace

void take_log() {
  av_log_set_callback(hear);
}

void Complaints::add(const char* text) {
  const std::lock_guard lock(mutex_);
  if (count_++ > 0) return;
  first_ = text;
  first_.erase(first_.find_last_not_of(" \r\n") + 1);
}

std::string Complaints::text() const {
  const std::lock_guard lock(mutex_);
  if (count_ == 0) return {};
  if (count_ == 1) return first_;
  return std::to_string(count_) + " errors, the first one: " + first_;
}

}  // namespace da3::video::av
