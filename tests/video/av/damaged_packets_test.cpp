// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <video/av/clips.hpp>
#include <video/av/handles.hpp>

// Frames of files of which a packet is damaged.
namespace da3::video {
namespace {

/// One of a file, in the order of decoding.
struct PacketPlace {
  std::size_t offset = 0;
  std::size_t slice = 0;  ///< Bytes in front of its first slice
  bool key = false;
  std::size_t frame = 0;  ///< Its number
};

/// What may become of a frame where a packet is refused.
enum class Fate { kWhole, kBuildsOnDamaged, kFails };

std::vector<Fate> fates(const std::vector<PacketPlace>& packets, std::size_t refused) {
  std::vector<Fate> all(packets.size(), Fate::kWhole);
  const Fate others = packets[refused].key ? Fate::kFails : Fate::kBuildsOnDamaged;
  std::size_t key = refused;
  while (!packets[key].key) --key;
  // Frames that are decoded after a key frame and shown before it need what was before it, and none but
  // their like needs them.
  const auto leads = [&](std::size_t i) { return packets[i].frame < packets[key].frame; };
  all[packets[refused].frame] = Fate::kFails;
  std::size_t i = refused + 1;
  for (; i < packets.size() && !packets[i].key; ++i) {
    if (!leads(refused) || leads(i)) all[packets[i].frame] = others;
  }
  if (i == packets.size() || leads(refused)) return all;
  for (key = i; ++i < packets.size() && !packets[i].key;) {
    if (leads(i)) all[packets[i].frame] = others;
  }
  return all;
}

class DamagedPackets : public Clips {
 protected:
  /// A reader that decodes with `threads`.
  static std::unique_ptr<VideoReader> open(const std::string& file, int threads) {
    ReadOptions options;
    options.threads = threads;
    return av::library().open(file, options);
  }

  /// Of a file whose bytes are those of its packets.
  static std::vector<PacketPlace> packets_of(const std::string& file) {
    const std::string bytes = bytes_of(file);
    const av::InputPtr input = av::open_input(file);
    const av::PacketPtr packet = av::make_packet();
    std::vector<PacketPlace> packets;
    std::size_t from = 0;
    for (; av_read_frame(input.get(), packet.get()) >= 0; av_packet_unref(packet.get())) {
      const double seconds = static_cast<double>(packet->pts) * av_q2d(input->streams[0]->time_base);
      const std::string content(reinterpret_cast<const char*>(packet->data),
                                static_cast<std::size_t>(packet->size));
      const std::size_t slice = slice_of(content);
      from = bytes.find(content.substr(0, slice + 8), from);
      EXPECT_NE(from, std::string::npos) << file;
      packets.push_back(
          {from, slice, (packet->flags & AV_PKT_FLAG_KEY) != 0,
           packet->pts == AV_NOPTS_VALUE ? 0 : static_cast<std::size_t>(std::lround(seconds * kRate))});
      from += slice;
    }
    return packets;
  }

  /// Where the header of the first slice of H.264 is.
  static std::size_t slice_of(const std::string& packet) {
    const auto is_slice = [&](std::size_t at) { return (packet[at] & 31) == 1 || (packet[at] & 31) == 5; };
    const std::string start("\0\0\1", 3);
    const bool delimited = packet.starts_with(start + '\x09') || packet.starts_with('\0' + start + '\x09');
    if (delimited) {
      std::size_t at = packet.find(start) + 3;
      while (!is_slice(at)) at = packet.find(start, at) + 3;
      return at;
    }
    for (std::size_t at = 0; at + 4 < packet.size();) {
      if (is_slice(at + 4)) return at + 4;
      std::size_t length = 0;
      for (int i = 0; i < 4; ++i) length = length << 8U | static_cast<unsigned char>(packet[at++]);
      at += length;
    }
    ADD_FAILURE() << "a packet without a slice";
    return 0;
  }

  /// Frames of `broken`, where a packet is refused.
  static void expect_fates(const std::string& broken, const std::vector<PacketPlace>& packets,
                           std::size_t refused, const std::vector<Frame>& whole, const std::string& clip) {
    const std::vector<Fate> expected = fates(packets, refused);
    for (const int threads : {1, 3}) {
      const std::string what =
          clip + ", frame " + std::to_string(packets[refused].frame) + ", threads " + std::to_string(threads);
      const auto reader = open(broken, threads);
      const std::vector<FrameTime> times = reader->times(1e9);
      const std::vector<Frame> found = read_all(*reader);
      EXPECT_EQ(reader->times_repaired(), 0) << what;
      ASSERT_EQ(found.size(), whole.size()) << what;
      for (std::size_t i = 0; i < found.size(); ++i) {
        expect_fate(expected[i], found[i], whole[i], what + ": " + std::to_string(i));
        // A run that goes on finds the same.
        if (i % 4 != refused % 4 || times.empty() ||
            !reader->seek(static_cast<std::int64_t>(i), times[i].pts))
          continue;
        const auto frame = reader->next();
        ASSERT_TRUE(frame) << what << ": " << i;
        EXPECT_EQ(frame->pts, found[i].pts) << what << ": " << i;
        EXPECT_FALSE(frame->error) << what << ": " << i;
        EXPECT_EQ(frame->builds_on_damaged, found[i].builds_on_damaged) << what << ": " << i;
      }
    }
  }

  static void expect_fate(Fate expected, const Frame& found, const Frame& whole, const std::string& what) {
    EXPECT_EQ(found.pts, whole.pts) << what;
    switch (expected) {
      case Fate::kFails:
        EXPECT_TRUE(found.error) << what;
        break;
      case Fate::kBuildsOnDamaged:
        EXPECT_TRUE(found.error || found.builds_on_damaged) << what;
        break;
      case Fate::kWhole:
        EXPECT_FALSE(found.error) << what;
        EXPECT_FALSE(found.builds_on_damaged) << what;
        EXPECT_TRUE(found.picture.rgb == whole.picture.rgb) << what;
        break;
    }
  }
};

TEST_F(DamagedPackets, AFrameThatTheFileEndsWithinLeavesTheTimesOfTheOthers) {
  for (const std::string name : {"whole.mp4", "whole.flv"}) {
    const std::string file = make(name, h264() + (name.ends_with("mp4") ? " -movflags +faststart" : ""));
    const std::string bytes = bytes_of(file);
    const std::vector<Frame> whole = read_all(*open(file, 1));
    int in_the_middle = 0;
    for (std::size_t percent = 50; percent < 100; percent += 3) {
      const std::string cut =
          folder_.write("cut_" + name, bytes.substr(0, bytes.size() * percent / 100)).string();
      for (const int threads : {1, 3}) {
        const std::string what =
            name + " cut at " + std::to_string(percent) + " %, threads " + std::to_string(threads);
        const auto reader = open(cut, threads);
        const std::vector<Frame> found = read_all(*reader);
        EXPECT_EQ(reader->times_repaired(), 0) << what;
        std::size_t failed = 0;
        auto before = whole.begin();  // Its frames have all times
        for (std::size_t i = 0; i < found.size(); ++i) {
          before = std::ranges::find(before, whole.end(), found[i].pts, &Frame::pts);
          ASSERT_NE(before, whole.end()) << what << ": frame " << i << " at " << found[i].pts;
          failed += found[i].error ? 1U : 0U;
          if (found[i].error && i + 1 < found.size()) ++in_the_middle;
          if (found[i].error) continue;
          EXPECT_TRUE(found[i].picture.rgb == before->picture.rgb) << what << ": " << i;
        }
        EXPECT_LE(failed, 1U) << what;
      }
    }
    EXPECT_GT(in_the_middle, 0) << name << ": no cut met a frame that others were decoded before";
  }
}

TEST_F(DamagedPackets, FailWhereTheyAreAndFramesThatDoNotBuildOnThemStayWhole) {
  for (const std::string arguments : {"", " -g 7", " -g 7 -x264opts open-gop=1"}) {
    const std::string file = make("whole.mp4", h264() + arguments);
    const std::string bytes = bytes_of(file);
    const std::vector<Frame> whole = read_all(*open(file, 1));
    const std::vector<PacketPlace> packets = packets_of(file);
    ASSERT_EQ(packets.size(), static_cast<std::size_t>(kFrames));
    for (std::size_t index = 0; index < packets.size(); ++index) {
      // A unit that is longer than its packet.
      std::string damaged = bytes;
      damaged.replace(packets[index].offset, 4, "\x7f\xff\xff\xff");
      expect_fates(folder_.write("damaged.mp4", damaged).string(), packets, index, whole, "x264" + arguments);
    }
  }
}

TEST_F(DamagedPackets, InTheMiddleSpoilNothingBeforeThemAndWhatBuildsOnThemIsMarked) {
  const std::string file = make("whole.mp4", h264() + " -g 7");
  const std::string bytes = bytes_of(file);
  const std::vector<Frame> whole = read_all(*open(file, 1));
  const std::vector<PacketPlace> packets = packets_of(file);
  int noticed = 0;
  for (std::size_t index = 0; index < packets.size(); ++index) {
    std::string damaged = bytes;
    damaged.replace(packets[index].offset + packets[index].slice + 24, 12, std::string(12, '\xff'));
    const std::string broken = folder_.write("damaged.mp4", damaged).string();
    const std::vector<Fate> expected = fates(packets, index);
    for (const int threads : {1, 3}) {
      const std::string what =
          "frame " + std::to_string(packets[index].frame) + ", threads " + std::to_string(threads);
      const std::vector<Frame> found = read_all(*open(broken, threads));
      ASSERT_EQ(found.size(), whole.size()) << what;
      const bool is_noticed = found[packets[index].frame].error.has_value();
      noticed += is_noticed ? 1 : 0;
      for (std::size_t i = 0; i < found.size(); ++i) {
        if (i == packets[index].frame) continue;
        const bool may_suffer = expected[i] != Fate::kWhole;
        if (may_suffer && !is_noticed) continue;
        expect_fate(may_suffer ? Fate::kBuildsOnDamaged : Fate::kWhole, found[i], whole[i],
                    what + ": " + std::to_string(i));
      }
    }
  }
  EXPECT_GT(noticed, kFrames / 2) << "the decoder finds most damage";
}

TEST_F(DamagedPackets, AreKeyFramesWhateverTheirContainerKnowsOfThem) {
  // Without x264's note about itself a packet's beginning is in one piece of a transport stream.
  const std::string arguments = h264() + " -g 7 -bsf:v filter_units=remove_types=6";
  const std::vector<PacketPlace> order = packets_of(make("whole.mp4", arguments));
  for (const std::string name : {"whole.mp4", "whole.mkv", "whole.flv", "whole.ts", "whole.h264"}) {
    const bool raw = name == "whole.h264";
    const bool split = raw || name == "whole.ts";  // Into packets by what is in them
    const std::string file = make(name, arguments + (raw ? ",h264_metadata=aud=insert" : ""));
    const std::string bytes = bytes_of(file);
    const std::vector<Frame> whole = read_all(*open(file, 1));
    std::vector<PacketPlace> packets = packets_of(file);
    ASSERT_EQ(packets.size(), order.size()) << name;
    for (std::size_t index = 0; index < packets.size(); ++index) {
      packets[index].frame = order[index].frame;
      packets[index].key = order[index].key;
    }
    for (std::size_t index = 0; index < packets.size(); ++index) {
      std::string damaged = bytes;
      const std::size_t slice = packets[index].offset + packets[index].slice;
      if (split) {
        // A slice that begins behind the end of its picture. Of other frames the decoder makes something.
        if (!packets[index].key) continue;
        damaged.replace(slice + 1, 2, std::string("\0\x80", 2));
      } else {
        // A unit of no known kind.
        damaged[slice] = '\x1e';
      }
      expect_fates(folder_.write("damaged_" + name, damaged).string(), packets, index, whole, name);
    }
  }
}

TEST_F(DamagedPackets, OfFramesThatStandAloneFail) {
  // Where the codec lets a decoder find it.
  const std::vector<std::pair<std::string, std::string>> clips = {
      {"motion.avi", "-c:v mjpeg -pix_fmt yuvj420p -q:v 3"},
      {"prores.mov", "-c:v prores_ks -pix_fmt yuv422p10le"},
      {"png.mov", "-c:v png"}};
  for (const auto& [name, arguments] : clips) {
    const std::string file = make(name, arguments);
    const std::string bytes = bytes_of(file);
    const std::vector<Frame> whole = read_all(*open(file, 1));
    const av::InputPtr input = av::open_input(file);
    const av::PacketPtr packet = av::make_packet();
    for (std::size_t i = 0; av_read_frame(input.get(), packet.get()) >= 0; ++i) {
      const auto size = static_cast<std::size_t>(packet->size);
      const std::string content(reinterpret_cast<const char*>(packet->data), size);
      av_packet_unref(packet.get());
      std::string damaged = bytes;
      // JPEG takes few runs of bits for no code.
      damaged.replace(bytes.find(content) + size / 2, size / 4, std::string(size / 4, '\xfe'));
      const auto reader = open(folder_.write("damaged_" + name, damaged).string(), 1);
      const std::vector<Frame> found = read_all(*reader);
      ASSERT_EQ(found.size(), whole.size()) << name << " " << i;
      for (std::size_t k = 0; k < found.size(); ++k) {
        expect_fate(k == i ? Fate::kFails : Fate::kWhole, found[k], whole[k],
                    name + ", packet " + std::to_string(i) + ": " + std::to_string(k));
      }
    }
  }
}

}  // namespace
}  // namespace da3::video
