// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <video/av/key_packets.hpp>

namespace da3::video::av {
namespace {

/// Whether the container's index says so.
bool is_in_index([[maybe_unused]] const AVPacket& packet, [[maybe_unused]] const AVFormatContext& input) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(59, 16, 100)
  const std::string_view container = input.iformat->name;
  // Streams without an index are searched for a time, and each place that was looked at counts as a key
  // frame.
  const std::array indexed = {"mov", "matroska", "avi", "flv", "mxf", "asf"};
  if (std::ranges::none_of(indexed, [&](const char* name) { return container.starts_with(name); }))
    return false;
  // Matroska's has times of presentation and places of clusters.
  const bool clusters = container.starts_with("matroska");
  const std::int64_t time = clusters ? packet.pts : packet.dts;
  const AVIndexEntry* entry =
      avformat_index_get_entry_from_timestamp(input.streams[packet.stream_index], time, AVSEEK_FLAG_BACKWARD);
  return entry != nullptr && entry->timestamp == time && (entry->flags & AVINDEX_KEYFRAME) != 0 &&
         (clusters || entry->pos == packet.pos);
#else
  return false;
#endif
}

/// Whether H.264 or HEVC between start codes has a sequence's parameters, which stand before key frames.
bool begins_sequence(const AVPacket& packet, const AVCodecParameters& stream) {
  const AVCodecID codec = stream.codec_id;
  if (codec != AV_CODEC_ID_H264 && codec != AV_CODEC_ID_HEVC) return false;
  // The containers that give lengths instead of start codes have a header that begins with its version, 1.
  if (stream.extradata_size > 0 && stream.extradata[0] == 1) return false;
  constexpr unsigned kSps = 7;
  constexpr unsigned kHevcSps = 33;
  const std::span<const std::uint8_t> bytes(packet.data, static_cast<std::size_t>(packet.size));
  for (std::size_t i = 0; i + 3 < bytes.size(); ++i) {
    if (bytes[i] != 0 || bytes[i + 1] != 0 || bytes[i + 2] != 1) continue;
    const unsigned header = bytes[i + 3];
    if (codec == AV_CODEC_ID_H264 ? (header & 31U) == kSps : (header >> 1U & 63U) == kHevcSps) return true;
  }
  return false;
}

}  // namespace

bool is_key(const AVPacket& packet, const AVFormatContext& input) {
  return (packet.flags & AV_PKT_FLAG_KEY) != 0 || is_in_index(packet, input) ||
         begins_sequence(packet, *input.streams[packet.stream_index]->codecpar);
}

}  // namespace da3::video::av
