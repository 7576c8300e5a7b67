// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/options/times.hpp>

#include <da3/error.hpp>

#include <testing/temporary_folder.hpp>

namespace da3::video {
namespace {

using ::testing::ElementsAre;

/// Indices of the frames that are taken.
std::vector<int> taken(const ChoiceOptions& options, const std::vector<double>& times) {
  FrameChoice choice(options);
  std::vector<int> result;
  int index = 0;
  for (; index < static_cast<int>(times.size()); ++index) {
    const auto verdict = choice.next(times[static_cast<std::size_t>(index)]);
    if (verdict == FrameChoice::Verdict::kTake) result.push_back(choice.looks_ahead() ? index - 1 : index);
    if (verdict == FrameChoice::Verdict::kEnd) return result;
  }
  if (choice.looks_ahead() && choice.takes_last()) result.push_back(index - 1);
  return result;
}

TEST(Times, AreSecondsOrHoursMinutesSeconds) {
  EXPECT_EQ(parse_time("12.5"), 12.5);
  EXPECT_EQ(parse_time("1:30"), 90);
  EXPECT_EQ(parse_time("1:01:30.5"), 3690.5);
  for (const char* text : {"", "a", "-1", "1:60", "1.5:3", "1:2:3:4", "1::2"})
    EXPECT_THROW(parse_time(text), Error) << text;
}

TEST(FrameChoice, TakesAllByDefaultAndEveryNth) {
  EXPECT_THAT(taken({}, {0, 1, 2}), ElementsAre(0, 1, 2));
  EXPECT_THAT(taken({.every = 2}, {5, 6, 7, 8, 9}), ElementsAre(0, 2, 4));
  EXPECT_THAT(taken({.limit = 2}, {0, 1, 2}), ElementsAre(0, 1));
}

TEST(FrameChoice, ARateGoesByTimeNotByCount) {
  // Targets 0, 0.5, 1, 1.5: the last frame at or before each.
  EXPECT_THAT(taken({.frames_per_s = 2}, {0, 0.4, 0.6, 1.0, 1.2, 1.6}), ElementsAre(0, 1, 3, 4));
  // Fewer frames than asked for: each once.
  EXPECT_THAT(taken({.frames_per_s = 10}, {0, 1, 2}), ElementsAre(0, 1, 2));
  // 29.97 frames a second asked for 10: ten a second, not 14.99.
  std::vector<double> times;
  for (int i = 0; i < 2997; ++i) times.push_back(i * 1001 / 30000.0);
  EXPECT_EQ(taken({.frames_per_s = 10}, times).size(), 1000U);
}

TEST(FrameChoice, TheLastFrameIsShownAsLongAsTheOneBeforeIt) {
  std::vector<double> times;
  for (int i = 0; i < 24; ++i) times.push_back(i / 12.0);
  for (const double rate : {11.99, 12.0, 12.01, 13.0, 15.0, 24.0, 30.0, 1000.0})
    EXPECT_THAT(taken({.frames_per_s = rate}, times).back(), 23) << rate;
  // 20 of 2 s: the last at 1.9, while frame 22 is shown.
  EXPECT_EQ(taken({.frames_per_s = 10}, times).size(), 20U);
  EXPECT_THAT(taken({.frames_per_s = 30}, {0, 1 / 12.0}), ElementsAre(0, 1));
  EXPECT_THAT(taken({.frames_per_s = 30}, {0}), ElementsAre(0));
  EXPECT_THAT(taken({.frames_per_s = 13, .duration_s = 1}, times).back(), 11);
}

TEST(FrameChoice, StartAndDurationCountFromTheFirstFrame) {
  EXPECT_THAT(taken({.start_s = 1, .duration_s = 2}, {5, 6, 7, 8, 9}), ElementsAre(1, 2));
  EXPECT_THAT(taken({.frames_per_s = 1, .start_s = 1, .duration_s = 2}, {5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5}),
              ElementsAre(2, 4));
}

TEST(Timestamps, MustGrow) {
  const da3::testing::TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    return read_times(folder.write("a.txt", text), "--timestamps");
  };
  EXPECT_THAT(read("# seconds\n0\n0.5\n\n2,x\n0:01:02.5 scene\n"), ElementsAre(0, 0.5, 2, 62.5));
  EXPECT_THROW(read("0\n0\n"), Error);
  EXPECT_THROW(read("zero\n"), Error);
  for (const std::filesystem::path& no_file : {folder.path() / "missing", folder.path()}) {
    try {
      read_times(no_file, "--timestamps");
      ADD_FAILURE() << no_file << " was read";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << "an option's file is no input that failed";
      EXPECT_NE(std::string(error.what()).find("--timestamps"), std::string::npos);
    }
  }
}

TEST(FrameChoice, FramesBeforeTheStartNeedNoVerdict) {
  const ChoiceOptions options{.frames_per_s = 2, .start_s = 1};
  FrameChoice all(options);
  FrameChoice later(options);
  EXPECT_TRUE(later.starts_after(5)) << "the first frame of the video";
  std::vector<FrameChoice::Verdict> verdicts;
  for (const double seconds : {5.0, 5.5, 5.9}) EXPECT_EQ(all.next(seconds), FrameChoice::Verdict::kPass);
  EXPECT_TRUE(later.starts_after(5.9));
  EXPECT_FALSE(later.starts_after(6));
  for (const double seconds : {6.0, 6.4, 6.6, 7.2})
    EXPECT_EQ(later.next(seconds), all.next(seconds)) << seconds;
  EXPECT_EQ(later.takes_last(), all.takes_last());
}

TEST(FrameGrid, AFrameIsShownFromItsTimeToTheNextOnes) {
  const FrameGrid grid{10, 0.25};
  EXPECT_EQ(grid.point_at(0.25), 0);
  EXPECT_EQ(grid.point_at(0.2500005), 0) << "a microsecond is not late";
  EXPECT_EQ(grid.point_at(0.26), 1);
  EXPECT_EQ(grid.point_at(0.35), 1);
  EXPECT_EQ(grid.point_at(1.25), 10);
}

}  // namespace
}  // namespace da3::video
