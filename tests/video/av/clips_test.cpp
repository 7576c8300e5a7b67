// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/av/clips.hpp>

#include <da3/error.hpp>

// What is read from files.
namespace da3::video {
namespace {

TEST_F(Clips, FramesComeInOrderWithTheirTimes) {
  const auto reader = av::library().open(make("plain.mp4", h264()), {});
  std::vector<double> times;
  EXPECT_EQ(numbers(*reader, &times), counting(kFrames));
  for (int i = 0; i < kFrames; ++i) EXPECT_NEAR(times[static_cast<std::size_t>(i)], i / 12.0, 1e-6);
  EXPECT_EQ(reader->facts().shown, (Size{180, 320}));
  EXPECT_EQ(reader->facts().matrix, "bt709");
  EXPECT_FALSE(reader->verdict());
}

TEST_F(Clips, RotationIsUndone) {
  const std::string turned = make("turned.mp4", "-vf transpose=2,format=yuv420p -c:v libx264 -crf 16");
  const std::string file = (folder_.path() / "rotated.mp4").string();
  ASSERT_EQ(
      std::system(("ffmpeg -v error -y -i '" + turned + "' -c copy -metadata:s:v:0 rotate=270 '" + file + "'")
                      .c_str()),
      0);
  const auto reader = av::library().open(file, {});
  EXPECT_EQ(reader->facts().turn_degrees, 90);
  EXPECT_EQ(reader->facts().shown, (Size{180, 320}));
  EXPECT_EQ(numbers(*reader), counting(kFrames));
}

TEST_F(Clips, AnOffsetAndAVariableRateAreKept) {
  const auto late = av::library().open(make("late.mkv", h264() + " -output_ts_offset 5"), {});
  std::vector<double> times;
  numbers(*late, &times);
  EXPECT_NEAR(times.front(), 5, 1e-3);
  const auto variable =
      av::library().open(make("variable.mp4",
                              "-vf \"format=yuv420p,settb=1/60,setpts='N*N'\" -vsync passthrough "
                              "-enc_time_base 1/60 -c:v libx264 -video_track_timescale 60000"),
                         {});
  times.clear();
  EXPECT_EQ(numbers(*variable, &times), counting(kFrames));
  for (int i = 0; i < kFrames; ++i) EXPECT_NEAR(times[static_cast<std::size_t>(i)], i * i / 60.0, 1e-6);
}

TEST_F(Clips, SeekingGivesTheFrameOfThatTime) {
  const auto reader = av::library().open(make("plain.mp4", h264() + " -g 6"), {});
  const auto tick = reader->facts().time_base;
  ASSERT_TRUE(reader->seek_near(
      std::llround(13.0 / 12 * static_cast<double>(tick.den) / static_cast<double>(tick.num))));
  EXPECT_EQ(number_in(reader->next()->picture), 13);
  EXPECT_EQ(number_in(reader->next()->picture), 14);
}

class TimedClips : public Clips {
 protected:
  /// Clips whose frames have times, by name: arguments of `make`.
  static std::vector<std::pair<std::string, std::string>> clips() {
    std::vector<std::pair<std::string, std::string>> all = {
        {"closed.mp4", h264() + " -g 6"},
        {"many_b.mp4", h264() + " -bf 4"},
        {"open.mkv", h264() + " -g 6 -x264opts open-gop=1"},
        {"late.mkv", h264() + " -g 5 -output_ts_offset 5"},
        {"stream.ts", h264() + " -g 7"},
        {"long.ts", h264() + " -g 20"},
        {"old.flv", h264() + " -g 20"},
        {"old.avi", "-vf format=yuv420p -c:v mpeg4 -bf 0 -q:v 2 -g 8"},
        {"variable.mp4",
         "-vf \"format=yuv420p,settb=1/60,setpts='N*N'\" -vsync passthrough -enc_time_base 1/60 "
         "-c:v libx264 -g 6 -video_track_timescale 60000"}};
    if (has_encoder("libx265")) {
      const std::string h265 =
          "-vf format=yuv420p -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=11";
      all.emplace_back("hevc.ts", h265);
      all.emplace_back("hevc.mp4", h265 + ":temporal-layers=1");
    }
    return all;
  }
};

TEST_F(TimedClips, TimesWithoutDecodingAreThoseOfTheFramesAndLeadToThem) {
  for (const auto& [name, arguments] : clips()) {
    const std::string file = make(name, arguments);
    const auto reader = av::library().open(file, {});
    const std::vector<FrameTime> times = reader->times(1e9);
    const std::vector<Frame> frames = read_all(*reader);
    ASSERT_EQ(times.size(), frames.size()) << name;
    EXPECT_EQ(reader->complaints(), "") << name;
    for (std::size_t i = 0; i < times.size(); ++i) {
      EXPECT_EQ(times[i].pts, frames[i].pts) << name << " " << i;
      ASSERT_TRUE(reader->seek(static_cast<std::int64_t>(i), times[i].pts)) << name << " " << i;
      for (std::size_t k = i; k < frames.size(); ++k) {
        const auto frame = reader->next();
        ASSERT_TRUE(frame) << name << " " << k;
        EXPECT_EQ(frame->number, static_cast<std::int64_t>(k)) << name;
        EXPECT_TRUE(frame->picture.rgb == frames[k].picture.rgb) << name << " " << k << ": other pixels";
      }
      EXPECT_FALSE(reader->next()) << name << " " << i;
      EXPECT_FALSE(reader->verdict()) << name << " " << i << ": " << reader->verdict()->what();
    }
    const auto some = reader->times(0.5);
    ASSERT_FALSE(some.empty()) << name;
    EXPECT_TRUE(some.front().key) << name;
    for (std::size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i].pts, times[i].pts) << name;
    EXPECT_LT(some.size(), times.size()) << name;
  }
  EXPECT_TRUE(av::library().open(make("raw.h264", h264()), {})->times(1e9).empty()) << "it has no times";
}

TEST_F(TimedClips, FramesWhoseNeighboursAreNotDecodedAreTheSame) {
  for (const auto& [name, arguments] : clips()) {
    const std::string file = make(name, arguments);
    const std::vector<Frame> frames = read_all(*av::library().open(file, {}));
    for (const std::size_t step : {2U, 3U, 7U}) {
      const auto reader = av::library().open(file, {});
      std::vector<std::int64_t> wanted;
      for (std::size_t i = step / 2; i < frames.size(); i += step) wanted.push_back(frames[i].pts);
      reader->only(wanted);
      for (std::size_t i = step / 2; i < frames.size(); i += step) {
        const auto frame = reader->next();
        ASSERT_TRUE(frame) << name << " " << i;
        EXPECT_EQ(frame->pts, frames[i].pts) << name << " " << i;
        EXPECT_TRUE(frame->picture.rgb == frames[i].picture.rgb) << name << " " << i << ": other pixels";
      }
      EXPECT_FALSE(reader->next()) << name << ", every " << step;
    }
  }
}

TEST_F(Clips, MemoryOfAPictureIsUsedForALaterOne) {
  const auto reader = av::library().open(make("plain.mp4", h264()), {});
  auto frame = reader->next();
  const std::uint8_t* const memory = frame->picture.rgb.data();
  reader->reuse(std::move(frame->picture.rgb));
  reader->next(Want::kTimeOnly);
  reader->reuse({});  // Of a frame without a picture
  EXPECT_EQ(reader->next()->picture.rgb.data(), memory);
}

TEST_F(Clips, TenBitsHdrAndPixelAspectAreRead) {
  EXPECT_EQ(numbers(*av::library().open(make("ten.mp4", "-vf format=yuv420p10le -c:v libx264 -crf 16"), {})),
            counting(kFrames));
  const auto wide =
      av::library().open(make("wide.mp4", "-vf format=yuv420p,setsar=16/11 -c:v libx264 -crf 16"), {});
  EXPECT_EQ(wide->facts().shown, (Size{180, 465}));
  EXPECT_EQ(wide->next()->picture.size, (Size{180, 465}));
  const auto hdr = av::library().open(make("hdr.mkv",
                                           "-vf format=yuv420p10le -c:v ffv1 -color_trc smpte2084 "
                                           "-color_primaries bt2020 -colorspace bt2020nc"),
                                      {});
  EXPECT_EQ(hdr->facts().transfer, "smpte2084");
  EXPECT_EQ(hdr->facts().bits, 10);
}

TEST_F(Clips, ACutFileSaysSoAndAFileWithoutVideoIsRefused) {
  const std::string whole = bytes_of(make("whole.mkv", h264()));
  const std::string cut = folder_.write("cut.mkv", whole.substr(0, whole.size() * 6 / 10)).string();
  const auto reader = av::library().open(cut, {});
  const std::vector<int> found = numbers(*reader);
  EXPECT_LT(found.size(), static_cast<std::size_t>(kFrames));
  EXPECT_EQ(found, counting(static_cast<int>(found.size())));
  ASSERT_TRUE(reader->verdict());
  EXPECT_EQ(reader->verdict()->code(), ErrorCode::kVideoTruncated);
  const std::string sound = (folder_.path() / "sound.m4a").string();
  ASSERT_EQ(std::system(("ffmpeg -v error -y -f lavfi -i sine=duration=1 -c:a aac '" + sound + "'").c_str()),
            0);
  try {
    av::library().open(sound, {});
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kVideoNone);
  }
  EXPECT_THROW(av::library().open(folder_.write("text.mp4", "hello").string(), {}), Error);
}

TEST_F(Clips, AFileOfDamagedFramesAloneEnds) {
  const std::string file = make("one.avi", "-frames:v 1 -pix_fmt yuv420p -c:v ffv1 -slices 1 -slicecrc 0");
  const std::string bytes = bytes_of(file);
  const std::size_t frame = bytes.find("00dc", bytes.find("movi"));
  ASSERT_LT(frame, bytes.size());
  const std::string cut = folder_.write("cut.avi", bytes.substr(0, frame + 3000)).string();
  const auto reader = av::library().open(cut, {});
  const auto first = reader->next();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->error);
  EXPECT_FALSE(reader->next());
}

TEST_F(Clips, AFrameThatTheFileEndsWithinIsDamagedWhateverItsDecoderSays) {
  // These decoders fill what is missing with what was there before, and say nothing.
  for (const char* codec : {"cinepak -vf scale=96:56", "ffv1 -slices 1 -slicecrc 0", "mpeg4 -bf 0"}) {
    const std::string file = make("whole.avi", std::string("-pix_fmt yuv420p -g 8 -c:v ") + codec);
    const auto whole = av::library().open(file, {});
    std::vector<Frame> frames;
    while (auto frame = whole->next()) frames.push_back(std::move(*frame));
    const std::string bytes = bytes_of(file);
    // The index behind the frames begins here; before it the last frame, of which half is left.
    const std::size_t index = bytes.rfind("idx1");
    const std::size_t last = bytes.rfind("00dc", bytes.find("idx1") - 1);
    ASSERT_LT(last, index);
    const std::string cut = folder_.write("cut.avi", bytes.substr(0, last + 8 + (index - last) / 2)).string();
    const auto reader = av::library().open(cut, {});
    std::vector<Frame> found;
    while (auto frame = reader->next()) found.push_back(std::move(*frame));
    ASSERT_EQ(found.size(), frames.size()) << codec;
    for (std::size_t i = 0; i + 1 < found.size(); ++i) {
      ASSERT_FALSE(found[i].error) << codec << " " << i;
      EXPECT_TRUE(found[i].picture.rgb == frames[i].picture.rgb) << codec << " " << i;
    }
    ASSERT_TRUE(found.back().error) << codec;
    EXPECT_EQ(found.back().error->code(), ErrorCode::kVideoDamaged) << codec;
    ASSERT_TRUE(reader->verdict()) << codec;
  }
}

}  // namespace
}  // namespace da3::video
