// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace da3::video {

/// The memory of frames that were written, for the next ones. malloc would give it back to the system, and
/// each frame would fetch it anew: a quarter of the time between two forward passes at 1280x720. It grows to
/// what is under way at a time. Threads: any.
class SpareMemory {
 public:
  struct Frame {
    std::vector<float> depth;
    std::vector<std::uint8_t> colours;
  };

  /// Values of no use; none if there is no spare frame.
  Frame take() {
    const std::lock_guard lock(mutex_);
    if (frames_.empty()) return {};
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    return frame;
  }

  void give(Frame frame) {
    const std::lock_guard lock(mutex_);
    frames_.push_back(std::move(frame));
  }

 private:
  std::mutex mutex_;
  std::vector<Frame> frames_;
};

}  // namespace da3::video
