// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <video/av/complaints.hpp>
#include <video/av/file_end.hpp>
#include <video/av/handles.hpp>
#include <video/av/lineage.hpp>
#include <video/av/refused_packets.hpp>
#include <video/seams.hpp>

namespace da3::video::av {

/// A decoded frame before its pixels are converted.
struct Decoded {
  FramePtr frame;                     ///< None for a damaged one
  std::int64_t pts = AV_NOPTS_VALUE;  ///< As the file says
  std::string error;                  ///< Of a damaged one
  bool builds_on_damaged = false;     ///< May show what a damaged packet left of others
  bool out_of_turn = false;           ///< Nothing is shown at its time: refused, or given too late
  std::int64_t packet = 0;            ///< That it comes from; 0 where it is not known
};

/// Packets of a stream to frames in order of presentation, damaged ones among them. Decoders go on after a
/// packet that they refuse, with what they have: after a key frame, with pictures that have nothing to do
/// with those that are wanted. So no frame is taken from behind a refused key frame until the next key frame.
/// Threads: one at a time.
class Decoder {
 public:
  /// Lifetime: this. Throws: Error kVideoUnsupported, kImageTooLarge, kOutOfMemory.
  Decoder(const std::string& path, const AVStream& stream, const ReadOptions& options, const FileEnd& end,
          Complaints& complaints);

  /// The next frame, if it is there.
  std::optional<Decoded> pop();

  enum class Step { kGoesOn, kWantsPacket, kEnded };
  /// One step towards the next frame.
  Step step();

  enum class Use { kShown, kForOthers };
  /// A packet, where one is wanted; whether it is a key frame. Of those for others no frame may come.
  void send(AVPacket& packet, bool key, Use use);
  /// There are no more packets.
  void send_end();
  /// No packet and no frame comes any more.
  void finish();

  /// Forgets all packets: the next one is a key frame from elsewhere.
  void reset();

 private:
  struct PacketTime {
    std::int64_t packet = 0;
    std::int64_t time = AV_NOPTS_VALUE;
  };

  CodecPtr open(int threads) const;
  /// Whose complaints are heard.
  CodecPtr open_heard(int threads) const;
  void check_size(Size size) const;
  bool is_lost(bool key, std::optional<std::int64_t> time);
  void keep(std::int64_t number, const AVPacket& packet);
  void accept(FramePtr frame, std::int64_t pts);
  void refuse(int error);
  std::optional<std::int64_t> refused_key();
  bool decodes_alone(const AVPacket& packet) const;
  void begin_gap(std::int64_t key, const std::string& error);
  bool is_late(std::int64_t packet, std::int64_t time);
  void push(const std::vector<Refused>& refused);
  void release(bool all);

  const std::string& path_;
  const AVStream& stream_;
  const ReadOptions& options_;
  const FileEnd& end_;
  Complaints& complaints_;
  CodecPtr codec_;
  RefusedPackets refused_;
  Lineage lineage_;
  PacketTime last_;  ///< Of the frame that came last
  struct KeyPacket {
    std::int64_t number = 0;
    PacketPtr packet;
  };
  std::deque<KeyPacket> keys_;  ///< Whose frames did not come yet
  std::deque<Decoded> held_;    ///< Until it is known whether what they may build on is damaged
  std::deque<Decoded> ready_;
  std::int64_t sent_ = 0;                ///< Number of the last packet
  bool in_gap_ = false;                  ///< A key frame was refused, and none came since
  std::optional<std::int64_t> gap_end_;  ///< Time of the key frame after it
};

}  // namespace da3::video::av
