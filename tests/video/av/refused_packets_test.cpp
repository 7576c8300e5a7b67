// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
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
  std::int64_t number = 0;
  for (const std::int64_t time : times) packets.sent(++number, time);
  return packets;
}

TEST(RefusedPackets, ComeBeforeTheFirstFrameThatIsShownLater) {
  av::RefusedPackets packets = after_sending({0, 3, 1, 2});
  EXPECT_THAT(packets.before(0), IsEmpty());
  packets.refused("3");
  EXPECT_THAT(packets.before(1), IsEmpty());
  EXPECT_THAT(packets.before(2), IsEmpty());
  packets.sent(5, 4);
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
  packets.sent(5, 4);
  EXPECT_THAT(times_of(packets.before(4)), ElementsAre(3));
}

TEST(RefusedPackets, WithoutTimesComeAtOnce) {
  av::RefusedPackets packets;
  packets.sent(1, std::nullopt);
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
  packets.sent(4, 0);
  EXPECT_THAT(times_of(packets.before(0)), ElementsAre(102));
}

TEST(RefusedPackets, DoNotWaitForMoreFramesThanADecoderHolds) {
  av::RefusedPackets packets = after_sending({0});
  EXPECT_THAT(packets.before(0), IsEmpty());
  packets.refused("a packet whose frame came all the same");
  std::int64_t waited = 0;
  for (std::int64_t time = 1; time < 100; ++time) {
    packets.sent(time + 1, time);
    if (!packets.before(time).empty()) break;
    ++waited;
  }
  EXPECT_EQ(waited, 16);
}

TEST(RefusedPackets, ThatAreLostComeInOrderOfTimeAmongTheOthers) {
  av::RefusedPackets packets = after_sending({0, 3, 1, 2, 6, 4, 5});
  EXPECT_THAT(packets.before(0, 1), IsEmpty());
  packets.refused("1");
  packets.lost_from(5, "6", "after 6");
  packets.lost(8, 7, "after 6");
  EXPECT_THAT(times_of(packets.before(2, 4)), ElementsAre(1));
  EXPECT_THAT(packets.before(3, 2), IsEmpty());
  packets.sent(9, 8);
  const std::vector<av::Refused> due = packets.before(8, 9);
  EXPECT_THAT(times_of(due), ElementsAre(4, 5, 6, 7));
  EXPECT_EQ(due[1].error, "after 6");
  EXPECT_EQ(due[2].error, "6");
  EXPECT_EQ(due[2].packet, 5);
}

TEST(RefusedPackets, AreAwaitedByFramesThatMayBuildOnThem) {
  av::RefusedPackets packets = after_sending({0, 3, 1, 2, 6});
  EXPECT_THAT(packets.before(0, 1), IsEmpty());
  EXPECT_FALSE(packets.awaits_earlier(1, 0));
  EXPECT_THAT(packets.before(1, 3), IsEmpty());
  EXPECT_TRUE(packets.awaits_earlier(3, 1)) << "3 was sent before it";
  EXPECT_THAT(packets.before(2, 4), IsEmpty());
  EXPECT_THAT(packets.before(3, 2), IsEmpty());
  EXPECT_FALSE(packets.awaits_earlier(3, 1));
  EXPECT_FALSE(packets.awaits_earlier(2, 3)) << "6 was sent after it";
}

}  // namespace
}  // namespace da3::video
