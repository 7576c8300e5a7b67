// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <video/av/handles.hpp>
#include <video/seams.hpp>

namespace da3::video::av {

/// Sound that is copied: packets of one stream between two times.
class Sound {
 public:
  /// Adds the stream to `output`; none, with a warning, if its container does not take the sound.
  Sound(const JoinSpec& spec, AVFormatContext* output, std::vector<std::string>& warnings);

  bool present() const { return index_ >= 0; }

  /// The next packet in range, with times of the output's stream; null at the end.
  AVPacket* peek();

  double seconds(const AVPacket* packet) const {
    return static_cast<double>(packet->dts) * av_q2d(stream_->time_base);
  }

 private:
  InputPtr input_;
  PacketPtr packet_;
  AVStream* stream_ = nullptr;
  int index_ = -1;
  bool ended_ = false;
  double start_s_ = 0;
  double shift_s_ = 0;  ///< Taken off every time
  std::optional<double> end_s_;
};

}  // namespace da3::video::av
