// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include <video/av/handles.hpp>

namespace da3::video::av {

/// What FFmpeg reports as errors while it reads a file, in its log: it has no other way to tell of damage
/// that it passes over. Threads: any.
class Complaints {
 public:
  /// Takes those of `input`, and of `decoder`, from now on. Lifetime: theirs.
  void listen_to(AVFormatContext& input) { input.opaque = this; }
  void listen_to(AVCodecContext& decoder) { decoder.opaque = this; }

  void add(const char* text);

  /// Such as "3 errors, the first one: invalid NAL unit"; empty if there are none.
  std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::int64_t count_ = 0;
  std::string first_;
};

/// Takes FFmpeg's log from standard error to whom it is about.
void take_log();

}  // namespace da3::video::av
