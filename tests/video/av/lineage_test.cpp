// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/av/lineage.hpp>

namespace da3::video {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Sent {
  std::int64_t time;
  bool key = false;
};

/// Numbers of the packets, from 1, whose frames build on `damaged`.
std::vector<int> building_on(int damaged, const std::vector<Sent>& packets) {
  av::Lineage lineage;
  int number = 0;
  for (const Sent& each : packets) lineage.sent(++number, each.key, each.time);
  lineage.damaged(damaged);
  std::vector<int> found;
  for (int packet = 1; packet <= number; ++packet) {
    if (lineage.builds_on_damaged(packet)) found.push_back(packet);
  }
  return found;
}

TEST(Lineage, EndsAtTheNextKeyFrame) {
  const std::vector<Sent> packets = {{0, true}, {3}, {1}, {2}, {4, true}, {6}, {5}};
  EXPECT_THAT(building_on(1, packets), ElementsAre(2, 3, 4));
  EXPECT_THAT(building_on(3, packets), ElementsAre(4));
  EXPECT_THAT(building_on(4, packets), IsEmpty());
  EXPECT_THAT(building_on(5, packets), ElementsAre(6, 7));
}

TEST(Lineage, OfFramesShownBeforeTheirKeyFrameGoesBackBehindIt) {
  // 4 and 5 are decoded after the key frame 6 and shown before it.
  const std::vector<Sent> packets = {{0, true}, {3}, {6, true}, {4}, {5}, {7}, {10, true}, {8}, {9}};
  EXPECT_THAT(building_on(2, packets), ElementsAre(4, 5));
  EXPECT_THAT(building_on(3, packets), ElementsAre(4, 5, 6, 8, 9));
  EXPECT_THAT(building_on(4, packets), ElementsAre(5)) << "nothing behind the key frame builds on those";
  EXPECT_THAT(building_on(6, packets), ElementsAre(8, 9));
}

TEST(Lineage, WithoutTimesOrBeforeAnyKeyFrameIsTheOrderOfDecoding) {
  av::Lineage lineage;
  lineage.sent(1, false, std::nullopt);
  lineage.sent(2, false, std::nullopt);
  lineage.damaged(1);
  EXPECT_TRUE(lineage.builds_on_damaged(2));
  lineage.sent(3, true, std::nullopt);
  lineage.sent(4, false, std::nullopt);
  EXPECT_FALSE(lineage.builds_on_damaged(3));
  EXPECT_FALSE(lineage.builds_on_damaged(4));
  EXPECT_TRUE(lineage.builds_on_damaged(2)) << "its frame may still come";
  EXPECT_FALSE(lineage.builds_on_damaged(0)) << "the number of a frame whose packet is not known";
}

}  // namespace
}  // namespace da3::video
