// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/av/clips.hpp>
#include <video/av/handles.hpp>
#include <video/av/refused_packets.hpp>

// Packets that a decoder refuses, of videos whose frames are not decoded in the order in which they are
// shown.
namespace da3::video {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Times = std::vector<std::optional<std::int64_t>>;

Times times_of(const std::vector<av::Refused>& all) {
  Times times;
  for (const av::Refused& each : all) times.push_back(each.time);
  return times;
}

av::RefusedPackets after_sending(const std::vector<std::int64_t>& times) {
  av::RefusedPackets packets;
  for (const std::int64_t time : times) packets.sent(time);
  return packets;
}

TEST(RefusedPackets, ComeBeforeTheFirstFrameThatIsShownLater) {
  av::RefusedPackets packets = after_sending({0, 3, 1, 2});
  EXPECT_THAT(packets.before(0), IsEmpty());
  packets.refused("3");
  EXPECT_THAT(packets.before(1), IsEmpty());
  EXPECT_THAT(packets.before(2), IsEmpty());
  packets.sent(4);
  EXPECT_THAT(times_of(packets.before(4)), ElementsAre(3));
  EXPECT_THAT(packets.rest(), IsEmpty());
}

TEST(RefusedPackets, AreLeftAtTheEndInOrder) {
  av::RefusedPackets packets = after_sending({0, 3, 1, 2});
  packets.refused("3");
  packets.refused("2");
  EXPECT_THAT(packets.before(0), IsEmpty());
  EXPECT_THAT(packets.before(1), IsEmpty());
  EXPECT_THAT(times_of(packets.rest()), ElementsAre(2, 3));
}

TEST(RefusedPackets, ArePacketsWhoseFramesDidNotComeAndNotThoseWithoutFrames) {
  av::RefusedPackets packets = after_sending({0, 1, 2, 3});
  EXPECT_THAT(packets.before(2), IsEmpty()) << "1 has no frame, and was not refused";
  packets.refused("3");
  packets.sent(4);
  EXPECT_THAT(times_of(packets.before(4)), ElementsAre(3));
}

TEST(RefusedPackets, WithoutTimesComeAtOnce) {
  av::RefusedPackets packets;
  packets.sent(std::nullopt);
  packets.refused("first");
  const std::vector<av::Refused> due = packets.before(std::nullopt);
  EXPECT_THAT(times_of(due), ElementsAre(std::nullopt));
  EXPECT_EQ(due.front().error, "first");
  EXPECT_THAT(packets.before(std::nullopt), IsEmpty());
}

TEST(RefusedPackets, ComeBeforeTimesGoBack) {
  av::RefusedPackets packets = after_sending({100, 102, 101});
  EXPECT_THAT(packets.before(100), IsEmpty());
  packets.refused("102");
  EXPECT_THAT(packets.before(101), IsEmpty());
  packets.sent(0);
  EXPECT_THAT(times_of(packets.before(0)), ElementsAre(102));
}

TEST(RefusedPackets, DoNotWaitForMoreFramesThanADecoderHolds) {
  av::RefusedPackets packets = after_sending({0});
  EXPECT_THAT(packets.before(0), IsEmpty());
  packets.refused("a packet whose frame came all the same");
  std::int64_t waited = 0;
  for (std::int64_t time = 1; time < 100; ++time) {
    packets.sent(time);
    if (!packets.before(time).empty()) break;
    ++waited;
  }
  EXPECT_EQ(waited, 16);
}

class RefusedFrames : public Clips {
 protected:
  /// A reader that decodes with `threads`.
  static std::unique_ptr<VideoReader> open(const std::string& file, int threads) {
    ReadOptions options;
    options.threads = threads;
    return av::library().open(file, options);
  }

  static std::vector<Frame> read_all(VideoReader& reader) {
    std::vector<Frame> frames;
    while (auto frame = reader.next()) frames.push_back(std::move(*frame));
    return frames;
  }
};

TEST_F(RefusedFrames, AFrameThatTheFileEndsWithinLeavesTheTimesOfTheOthers) {
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
        std::size_t damaged = 0;
        auto before = whole.begin();  // Its frames have all times
        for (std::size_t i = 0; i < found.size(); ++i) {
          before = std::ranges::find(before, whole.end(), found[i].pts, &Frame::pts);
          ASSERT_NE(before, whole.end()) << what << ": frame " << i << " at " << found[i].pts;
          damaged += found[i].error ? 1U : 0U;
          if (found[i].error && i + 1 < found.size()) ++in_the_middle;
          if (found[i].error) continue;
          EXPECT_TRUE(found[i].picture.rgb == before->picture.rgb) << what << ": " << i;
        }
        EXPECT_LE(damaged, 1U) << what;
      }
    }
    EXPECT_GT(in_the_middle, 0) << name << ": no cut met a frame that others were decoded before";
  }
}

TEST_F(RefusedFrames, AreAtTheirTimesWhereverTheyAre) {
  const std::string file = make("whole.mp4", h264() + " -g 12");
  const std::string bytes = bytes_of(file);
  const av::InputPtr input = av::open_input(file);
  const av::PacketPtr packet = av::make_packet();
  for (int index = 0; av_read_frame(input.get(), packet.get()) >= 0; ++index) {
    const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    const double seconds = static_cast<double>(packet->pts) * av_q2d(input->streams[0]->time_base);
    const auto offset = static_cast<std::size_t>(packet->pos);
    av_packet_unref(packet.get());
    // Without one in the middle the decoder mixes up the frames after it with those before.
    if (key && index > 0) continue;
    const auto number = static_cast<std::size_t>(std::lround(seconds * kRate));
    // A unit that is longer than its packet.
    const std::string damaged =
        folder_.write("damaged.mp4", std::string(bytes).replace(offset, 4, "\x7f\xff\xff\xff")).string();
    for (const int threads : {1, 3}) {
      const std::string what = "frame " + std::to_string(number) + ", threads " + std::to_string(threads);
      const auto reader = open(damaged, threads);
      const std::vector<FrameTime> times = reader->times(1e9);
      const std::vector<Frame> found = read_all(*reader);
      EXPECT_EQ(reader->times_repaired(), 0) << what;
      ASSERT_EQ(found.size(), static_cast<std::size_t>(kFrames)) << what;
      EXPECT_TRUE(found[number].error) << what;
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(seconds_of(found[i].pts, reader->facts().time_base), static_cast<double>(i) / kRate, 1e-3)
            << what << ": " << i;
        // A run that goes on finds the same frames; their pictures are what the decoder makes of the gap.
        if (times.empty() || !reader->seek(static_cast<std::int64_t>(i), times[i].pts)) continue;
        const auto frame = reader->next();
        ASSERT_TRUE(frame) << what << ": " << i;
        EXPECT_EQ(frame->pts, found[i].pts) << what << ": " << i;
        EXPECT_FALSE(frame->error) << what << ": " << i;
      }
    }
  }
}

}  // namespace
}  // namespace da3::video
