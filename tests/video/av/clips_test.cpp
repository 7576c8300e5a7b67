// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <video/av/library.hpp>
#include <video/over_time.hpp>
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
  ASSERT_TRUE(reader->seek_near(
      std::llround(13.0 / 12 * static_cast<double>(tick.den) / static_cast<double>(tick.num))));
  EXPECT_EQ(number_in(reader->next()->picture), 13);
  EXPECT_EQ(number_in(reader->next()->picture), 14);
}

TEST_F(Clips, TimesWithoutDecodingAreThoseOfTheFramesAndLeadToThem) {
  const std::vector<std::pair<std::string, std::string>> clips = {
      {"closed.mp4", h264() + " -g 6"},
      {"open.mkv", h264() + " -g 6 -x264opts open-gop=1"},
      {"late.mkv", h264() + " -g 5 -output_ts_offset 5"},
      {"stream.ts", h264() + " -g 7"},
      {"old.avi", "-vf format=yuv420p -c:v mpeg4 -bf 0 -q:v 2 -g 8"},
      {"variable.mp4",
       "-vf \"format=yuv420p,settb=1/60,setpts='N*N'\" -vsync passthrough -enc_time_base 1/60 -c:v libx264 "
       "-g 6 -video_track_timescale 60000"}};
  for (const auto& [name, arguments] : clips) {
    const std::string file = make(name, arguments);
    const auto reader = av::library().open(file, {});
    const std::vector<FrameTime> times = reader->times(1e9);
    std::vector<Frame> frames;
    while (auto frame = reader->next()) frames.push_back(std::move(*frame));
    ASSERT_EQ(times.size(), frames.size()) << name;
    for (const std::size_t i : {23U, 0U, 7U, 13U, 12U}) {
      EXPECT_EQ(times[i].pts, frames[i].pts) << name << " " << i;
      ASSERT_TRUE(reader->seek(static_cast<std::int64_t>(i), times[i].pts)) << name << " " << i;
      for (std::size_t k = i; k < std::min<std::size_t>(i + 2, frames.size()); ++k) {
        const auto frame = reader->next();
        ASSERT_TRUE(frame) << name << " " << k;
        EXPECT_EQ(frame->number, static_cast<std::int64_t>(k)) << name;
        EXPECT_TRUE(frame->picture.rgb == frames[k].picture.rgb) << name << " " << k << ": other pixels";
      }
    }
    const auto some = reader->times(0.5);
    ASSERT_FALSE(some.empty()) << name;
    EXPECT_TRUE(some.front().key) << name;
    for (std::size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i].pts, times[i].pts) << name;
    EXPECT_LT(some.size(), times.size()) << name;
  }
  EXPECT_TRUE(av::library().open(make("raw.h264", h264()), {})->times(1e9).empty()) << "it has no times";
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
    VideoOptions options = options_;
    options.input = input;
    options.output_dir = output;
    options.formats = formats;
    VideoEnvironment environment;
    environment.model = model_;
    environment.memory = &memory_;
    environment.library = &av::library();
    VideoCallbacks callbacks;
    callbacks.on_record = [&](const std::string& text) {
      lines_.push_back(json::parse(text));
      if (++records_ == stop_after_) source_.request_stop();
    };
    return run_video(options, environment, callbacks, stop);
  }

  std::shared_ptr<FakeModel> model_ = std::make_shared<FakeModel>();
  FakeMemory memory_;
  VideoOptions options_;
  std::vector<json> lines_;
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
  // 25 times the clip: two checkpoints. Small pictures, since encoding them is most of the time.
  std::string small = h264();
  small.replace(0, std::string_view("-vf ").size(), "-vf scale=96:54,");
  const std::string clip = make("clip.mp4", small);
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

TEST_F(Runs, AStartIsSoughtAndGivesTheFramesOfDecoding) {
  const std::string input = make("in.mp4", h264() + " -g 4");
  const std::string all = (folder_.path() / "all").string();
  run(input, all, {"npy"});
  for (const auto& [fps, first, count] :
       {std::tuple<double, int, int>{0, 13, 11}, std::tuple<double, int, int>{4, 13, 4}}) {
    const std::string part = (folder_.path() / ("part" + std::to_string(fps))).string();
    options_.choice.start_s = 13.0 / 12;
    if (fps > 0) options_.choice.frames_per_s = fps;
    lines_.clear();
    EXPECT_EQ(run(input, part, {"npy"}).done, count);
    EXPECT_EQ(lines_.front()["frame"], first);
    for (const json& line : lines_) {
      const std::string name = line["outputs"]["npy"];
      EXPECT_TRUE(bytes_of(part + "/" + name) == bytes_of(all + "/" + name)) << name;
    }
  }
}

TEST_F(Runs, AConstantRateRepeatsAndDropsFrames) {
  // Frame n at n^2 / 60 s.
  const std::string input = make("variable.mp4",
                                 "-vf \"format=yuv420p,settb=1/60,setpts='N*N'\" -vsync passthrough "
                                 "-enc_time_base 1/60 -c:v libx264 -crf 16 -video_track_timescale 60000");
  options_.constant_fps = Ratio{6, 1};
  options_.colormap = "grey";
  // The depth of the fake is the red of a pixel, so its grey code tells the frame.
  const std::string output = (folder_.path() / "out").string();
  EXPECT_EQ(run(input, output, {"gray16", "npy"}).done, kFrames);
  const auto reader = av::library().open(output + "/variable.depth.mkv", {});
  std::vector<double> times;
  std::vector<std::string> pictures;
  while (const auto frame = reader->next()) {
    times.push_back(seconds_of(frame->pts, reader->facts().time_base));
    pictures.emplace_back(frame->picture.rgb.begin(), frame->picture.rgb.end());
  }
  // The last frame, from 8.8167 s to 8.8333 s, meets no point.
  ASSERT_EQ(times.size(), 53U);
  for (std::size_t k = 0; k < times.size(); ++k) EXPECT_NEAR(times[k], static_cast<double>(k) / 6, 1e-3);
  const auto shown = [](std::size_t k) {
    int n = 0;
    while (n + 1 < kFrames && (n + 1) * (n + 1) / 60.0 <= static_cast<double>(k) / 6 + 1e-6) ++n;
    return n;
  };
  for (std::size_t k = 1; k < pictures.size(); ++k) {
    EXPECT_EQ(pictures[k] == pictures[k - 1], shown(k) == shown(k - 1)) << k;
  }
  const std::string manifest = bytes_of(output + "/manifest.jsonl");
  const json end = json::parse(manifest.substr(manifest.rfind("\n", manifest.size() - 2) + 1));
  EXPECT_EQ(end["dropped"], 3)
      << "frames 1 and 2, at 1/60 and 4/60 s, fall between 0 and 1/6 s, and the last";
  EXPECT_EQ(end["repeated"].get<std::size_t>(), times.size() - (kFrames - 3));
}

TEST_F(Runs, ACutIsFoundInThePictures) {
  // The fake model's depth hardly tells the two places apart.
  const std::string input =
      make("in.mp4",
           "-vf \"hue=h=120:enable='gte(n,14)',scale=out_color_matrix=bt709:out_range=tv,format=yuv420p\" "
           "-colorspace bt709 -c:v libx264 -crf 16 -bf 3");
  run(input, (folder_.path() / "out").string(), {"vis"});
  std::vector<int> cuts;
  for (const json& line : lines_) {
    if (line["cut"].get<bool>()) cuts.push_back(line["frame"].get<int>());
    if (line["frame"] == 14) {
      EXPECT_GT(line["change"].get<double>(), 0.6);
    } else {
      EXPECT_LT(line["change"].get<double>(), 0.2) << "the stripes move";
    }
  }
  EXPECT_EQ(cuts, (std::vector<int>{14}));
}

TEST_F(Runs, GivenCutsBeginScenes) {
  const std::string input = make("in.mp4", h264());
  options_.cuts = Cuts::kNone;
  options_.cuts_file = folder_.write("cuts.txt", "0.5\n1.26\n");
  run(input, (folder_.path() / "out").string(), {"none"});
  std::vector<int> cuts;
  for (const json& line : lines_) {
    if (line["cut"].get<bool>()) cuts.push_back(line["frame"].get<int>());
  }
  EXPECT_EQ(cuts, (std::vector<int>{6, 16}));
}

}  // namespace
}  // namespace da3::video
