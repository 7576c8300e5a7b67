// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <video/av/library.hpp>
#include <video/run_video.hpp>

#include <testing/fake_model.hpp>
#include <testing/temporary_folder.hpp>

// Clips are made by the ffmpeg program from drawn frames, each with its number as 16 black or white blocks.
namespace da3::video {

using da3::testing::FakeMemory;
using da3::testing::FakeModel;
using da3::testing::TemporaryFolder;
using nlohmann::json;

inline constexpr int kWidth = 320;
inline constexpr int kHeight = 180;
inline constexpr int kFrames = 24;
inline constexpr int kRate = 12;

/// Grey frames at the times 0, 1 and so on.
inline void write_grey(SegmentWriter& segment, Size size, int count) {
  for (int i = 0; i < count; ++i)
    segment.write(i, Image{size, std::vector<std::uint8_t>(size.area() * 3, 100)}, false);
}

inline bool has_encoder(const std::string& name) {
  return std::system(("ffmpeg -hide_banner -encoders 2>/dev/null | grep -q ' " + name + " '").c_str()) == 0;
}

inline std::string drawn(int number) {
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

inline int number_in(const Image& picture) {
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
    if (!has_encoder("libx264")) GTEST_SKIP() << "needs the ffmpeg program with libx264";
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

  static std::vector<Frame> read_all(VideoReader& reader) {
    std::vector<Frame> frames;
    while (auto frame = reader.next()) frames.push_back(std::move(*frame));
    return frames;
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
    callbacks.on_failure = [&](const std::string& text) { failures_.push_back(text); };
    callbacks.on_note = [&](bool warning, const std::string& text) {
      if (warning) warnings_.push_back({text, model_->calls()});
    };
    return run_video(options, environment, callbacks, stop);
  }

  std::shared_ptr<FakeModel> model_ = std::make_shared<FakeModel>();
  FakeMemory memory_;
  VideoOptions options_;
  std::vector<json> lines_;
  struct Warning {
    std::string text;
    int calls = 0;  ///< Of the model, before it
  };
  std::vector<Warning> warnings_;
  std::vector<std::string> failures_;
  std::stop_source source_;
  int records_ = 0;
  int stop_after_ = -1;
};

}  // namespace da3::video
