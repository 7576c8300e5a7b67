// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stop_token>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <video/av/library.hpp>
#include <video/run_video.hpp>

#include <da3/error.hpp>

#include <testing/fake_model.hpp>
#include <testing/temporary_folder.hpp>

// Clips are made by the ffmpeg program from drawn frames, each with its number as 16 black or white blocks.
namespace da3::video {
namespace {

using da3::testing::FakeMemory;
using da3::testing::FakeModel;
using da3::testing::TemporaryFolder;
using nlohmann::json;

constexpr int kWidth = 320;
constexpr int kHeight = 180;
constexpr int kFrames = 24;
constexpr int kRate = 12;

bool has_ffmpeg() {
  return std::system("ffmpeg -hide_banner -encoders 2>/dev/null | grep -q libx264") == 0;
}

std::string drawn(int number) {
  std::string rgb(static_cast<std::size_t>(kWidth * kHeight * 3), '\0');
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      char* to = rgb.data() + 3 * (y * kWidth + x);
      to[0] = static_cast<char>(40 + (x + 3 * number) % 160);
      to[1] = static_cast<char>(60 + y % 120);
      to[2] = static_cast<char>(90);
      const bool row = y >= 8 && y < 20;
      const int block = (x - 8) / 12;
      if (row && x >= 8 && block < 16) {
        const char value = static_cast<char>((number >> block & 1) != 0 ? 255 : 0);
        to[0] = to[1] = to[2] = value;
      }
    }
  }
  return rgb;
}

int number_in(const Image& picture) {
  int number = 0;
  for (int block = 0; block < 16; ++block) {
    double sum = 0;
    for (int y = 11; y < 17; ++y) {
      for (int x = 11 + 12 * block; x < 17 + 12 * block; ++x) {
        sum += picture.rgb[static_cast<std::size_t>(3 * (y * picture.size.width + x))];
      }
    }
    if (sum / 36 > 127) number |= 1 << block;
  }
  return number;
}

class Clips : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_ffmpeg()) GTEST_SKIP() << "needs the ffmpeg program with libx264";
    std::ofstream raw(folder_.path() / "raw.rgb", std::ios::binary);
    for (int i = 0; i < kFrames; ++i) raw << drawn(i);
  }

  /// A clip made by `ffmpeg -f rawvideo ... -i raw.rgb ARGUMENTS name`.
  std::string make(const std::string& name, const std::string& arguments,
                   const std::string& more_inputs = "") {
    const std::string file = (folder_.path() / name).string();
    const std::string command =
        "ffmpeg -hide_banner -nostdin -v error -y -f rawvideo -pix_fmt rgb24 -s 320x180 -r " +
        std::to_string(kRate) + " -i '" + (folder_.path() / "raw.rgb").string() + "' " + more_inputs + " " +
        arguments + " '" + file + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return file;
  }

  static std::string h264() {
    return "-vf scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -colorspace bt709 -c:v libx264 -crf "
           "16 -bf 3";
  }

  /// Frame numbers read from the pictures; -1 for a damaged one.
  static std::vector<int> numbers(VideoReader& reader, std::vector<double>* times = nullptr) {
    std::vector<int> found;
    while (const auto frame = reader.next()) {
      found.push_back(frame->error ? -1 : number_in(frame->picture));
      if (times != nullptr) times->push_back(seconds_of(frame->pts, reader.facts().time_base));
    }
    return found;
  }

  static std::vector<int> counting(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) all[static_cast<std::size_t>(i)] = i;
    return all;
  }

  static std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

  TemporaryFolder folder_;
};

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
  ASSERT_TRUE(
      reader->seek(std::llround(13.0 / 12 * static_cast<double>(tick.den) / static_cast<double>(tick.num))));
  EXPECT_EQ(number_in(reader->next()->picture), 13);
  EXPECT_EQ(number_in(reader->next()->picture), 14);
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

class Runs : public Clips {
 protected:
  VideoSummary run(const std::string& input, const std::string& output,
                   const std::vector<std::string>& formats, std::stop_token stop = {}) {
    VideoOptions options;
    options.input = input;
    options.output = output;
    options.formats = formats;
    VideoEnvironment environment;
    environment.model = model_;
    environment.memory = &memory_;
    environment.library = &av::library();
    VideoCallbacks callbacks;
    callbacks.on_record = [&](const std::string&) {
      if (++records_ == stop_after_) source_.request_stop();
    };
    return run_video(options, environment, callbacks, stop);
  }

  std::shared_ptr<FakeModel> model_ = std::make_shared<FakeModel>();
  FakeMemory memory_;
  std::stop_source source_;
  int records_ = 0;
  int stop_after_ = -1;
};

TEST_F(Runs, TimesAndSoundAreKept) {
  const std::string input =
      make("in.mkv", h264() + " -c:a aac -output_ts_offset 5", "-f lavfi -i sine=frequency=440:duration=2");
  const std::string output = (folder_.path() / "out.mp4").string();
  EXPECT_EQ(run(input, output, {"vis"}).done, kFrames);
  const auto reader = av::library().open(output, {});
  EXPECT_TRUE(reader->facts().has_sound);
  std::vector<double> times;
  numbers(*reader, &times);
  ASSERT_EQ(times.size(), static_cast<std::size_t>(kFrames));
  for (int i = 0; i < kFrames; ++i) EXPECT_NEAR(times[static_cast<std::size_t>(i)], 5 + i / 12.0, 2e-3) << i;
  EXPECT_FALSE(std::filesystem::exists(output + ".da3-work"));
}

TEST_F(Runs, Gray16DecodesToTheCodes) {
  const std::string input = make("in.mp4", h264());
  const std::string output = (folder_.path() / "out").string();
  run(input, output, {"gray16", "npy"});
  const std::string file = output + "/in.depth.mkv";
  ASSERT_EQ(std::system(("ffmpeg -v error -y -i '" + file + "' -f rawvideo -pix_fmt gray16le '" +
                         (folder_.path() / "grey.raw").string() + "'")
                            .c_str()),
            0);
  const std::string grey = bytes_of(folder_.path() / "grey.raw");
  const std::size_t pixels = kWidth * kHeight;
  ASSERT_EQ(grey.size(), pixels * 2 * kFrames);
  std::ifstream manifest(output + "/manifest.jsonl");
  std::string header;
  std::getline(manifest, header);
  const GreyCode code{false, json::parse(header)["grey_ref"].get<double>()};
  for (const int frame : {0, 23}) {
    char name[32];
    std::snprintf(name, sizeof(name), "/frames/%06d.npy", frame);
    const std::string npy = bytes_of(output + name);
    DepthMap depth{{kHeight, kWidth}, std::vector<float>(pixels)};
    std::memcpy(depth.values.data(), npy.data() + npy.size() - pixels * sizeof(float),
                pixels * sizeof(float));
    const std::vector<std::uint16_t> codes = grey_codes(depth, code);
    EXPECT_EQ(
        std::memcmp(codes.data(), grey.data() + static_cast<std::size_t>(frame) * pixels * 2, pixels * 2), 0)
        << frame;
  }
}

TEST_F(Runs, AnInterruptedRunEndsInTheSameBytes) {
  // 12 times the clip: two checkpoints.
  const std::string clip = make("clip.mp4", h264());
  const std::string input = (folder_.path() / "long.mp4").string();
  ASSERT_EQ(
      std::system(("ffmpeg -v error -y -stream_loop 24 -i '" + clip + "' -c copy '" + input + "'").c_str()),
      0);
  const std::string whole = (folder_.path() / "whole").string();
  EXPECT_EQ(run(input, whole, {"vis", "gray16", "png16"}).done, 600);
  const std::string parts = (folder_.path() / "parts").string();
  records_ = 0;
  for (const int stop_after : {100, 300, 530}) {
    stop_after_ = records_ + stop_after;
    source_ = std::stop_source();
    EXPECT_TRUE(run(input, parts, {"vis", "gray16", "png16"}, source_.get_token()).interrupted ||
                stop_after == 530);
    records_ = 0;
  }
  stop_after_ = -1;
  run(input, parts, {"vis", "gray16", "png16"});
  // As a condition: the bytes themselves would fill the log.
  for (const char* file : {"/long.vis.mp4", "/long.depth.mkv", "/frames/000599.png"}) {
    EXPECT_TRUE(bytes_of(whole + file) == bytes_of(parts + file)) << file;
  }
  EXPECT_FALSE(bytes_of(whole + "/long.vis.mp4").empty());
  EXPECT_EQ(run(input, parts, {"vis", "gray16", "png16"}).resumed, 600) << "all done: nothing is done again";
}

}  // namespace
}  // namespace da3::video
