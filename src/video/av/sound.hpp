// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <video/av/delayed_sound.hpp>
#include <video/av/handles.hpp>
#include <video/seams.hpp>

namespace da3::video::av {

/// Sound that is copied: packets of one stream between two times.
class Sound {
 public:
  /// Adds the stream to `output`; whether its container takes it, its header and packets tell.
  Sound(const JoinSpec& spec, AVFormatContext* output);

  bool present() const { return index_ >= 0; }

  /// By how much the first packet comes before time 0 of a container that has no such times.
  double lead_s() const { return lead_s_; }
  /// All times become later; before the first packet.
  void move(double seconds) { shift_s_ -= seconds; }

  /// The next packet in range, with growing times of the output's stream; null at the end. Throws: Error
  /// kInputUnreadable where the file cannot be read.
  AVPacket* peek();

  /// The warning that the sound ends where its file is damaged; none if it does not.
  const std::optional<std::string>& cut_short() const { return cut_short_; }

  double seconds(const AVPacket* packet) const {
    return static_cast<double>(packet->dts) * av_q2d(stream_->time_base);
  }

 private:
  double seconds_at(std::int64_t pts) const;
  bool find();
  bool read();
  bool fit();

  std::string path_;
  InputPtr input_;
  PacketPtr packet_;
  AVStream* stream_ = nullptr;
  int index_ = -1;
  bool ended_ = false;
  bool fits_ = false;  ///< The packet has the output's times
  std::optional<double> start_s_;
  double shift_s_ = 0;  ///< Taken off every time
  std::optional<double> end_s_;
  double lead_s_ = 0;
  bool holds_negative_ = false;  ///< The container has times below 0
  DelayedTimes delayed_;         ///< If it has none
  bool strict_ = true;           ///< It takes no time twice
  std::optional<std::int64_t> last_dts_;
  double read_until_s_ = 0;
  std::optional<std::string> cut_short_;
};

/// The stream of the open file that is copied, of the video's program if there is one; negative if it has no
/// sound. Throws: as video_stream.
int sound_stream(AVFormatContext* input, const SoundSource& source);

}  // namespace da3::video::av
