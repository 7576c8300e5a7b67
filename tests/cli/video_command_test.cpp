// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/json_lines.hpp>
#include <cli/program.hpp>

// `da3 video` from outside. Raw RGB needs no FFmpeg; what does is skipped without the runner or the ffmpeg
// program.
namespace da3::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kWidth = 40;
constexpr int kHeight = 30;
constexpr std::size_t kFrameBytes = std::size_t{3} * kWidth * kHeight;

/// Frame `number`: a ramp that moves.
std::string frame(int number) {
  std::string rgb;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      rgb += {static_cast<char>((5 * x + number) % 256), static_cast<char>((7 * y + 3 * number) % 256),
              static_cast<char>((x * y + number) % 256)};
    }
  }
  return rgb;
}

class VideoCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    place = new Workplace;
    const Ended exported = place->run({"model", "export", DA3_TEST_DATA_DIR "/golden/tiny", "-o", "tiny.pt"});
    ASSERT_EQ(exported.code, 0) << exported.err;
    frames("in.rgb", 12);
  }
  static void TearDownTestSuite() { delete place; }

  static void frames(const std::string& name, int count) {
    std::ofstream file(*place / name, std::ios::binary);
    for (int i = 0; i < count; ++i) file << frame(i);
  }

  static std::vector<std::string> command(const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> args = {name, "-m",       "tiny.pt", "--threads", "1", "--process-res",
                                     "56", "--device", "cpu"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  /// `da3 video IN --raw` and whatever else.
  static std::vector<std::string> video(const std::string& input, const std::vector<std::string>& more) {
    std::vector<std::string> args = command("video", {input, "--raw", "40x30@10"});
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  static nlohmann::json last_line(const std::string& folder) {
    return json_lines(read_file(*place / (folder + "/manifest.jsonl"))).back();
  }
  static bool has_ffmpeg() {
    const Ended doctor = place->run({"doctor", "--json"});
    const std::string told = nlohmann::json::parse(doctor.out).at("versions").at("video");
    return told.starts_with("FFmpeg") && std::system("ffmpeg -version > /dev/null 2>&1") == 0;
  }

  static Workplace* place;
};
Workplace* VideoCommand::place = nullptr;

TEST_F(VideoCommand, AFramesDepthIsThatOfInferBitForBit) {
  const Ended ended = place->run(video("in.rgb", {"-f", "npy", "-o", "equal", "--batch", "1", "--json"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(json_lines(ended.out).size(), 12U);
  for (const int number : {0, 5, 11}) {
    std::ofstream(*place / "frame.ppm", std::ios::binary) << "P6\n40 30\n255\n" << frame(number);
    ASSERT_EQ(
        place->run(command("infer", {"frame.ppm", "-f", "npy", "-o", "photo", "--batch", "1", "--overwrite"}))
            .code,
        0);
    char name[32];
    std::snprintf(name, sizeof(name), "equal/frames/%06d.npy", number);
    EXPECT_TRUE(read_file(*place / name) == read_file(*place / "photo/frame.npy")) << name;
  }
}

TEST_F(VideoCommand, FilesOfFramesHaveTheCameraThatIsTold) {
  std::ofstream(*place / "frame.ppm", std::ios::binary) << "P6\n40 30\n255\n" << frame(3);
  for (const std::string size : {"input", "model"}) {
    const std::vector<std::string> told = {"-f", "npz,exr", "--hfov", "60", "--size",
                                           size, "--batch", "1",      "-o"};
    std::vector<std::string> of_video = told;
    of_video.push_back("camera_" + size);
    ASSERT_EQ(place->run(video("in.rgb", of_video)).code, 0);
    std::vector<std::string> of_photo = {"frame.ppm"};
    of_photo.insert(of_photo.end(), told.begin(), told.end());
    of_photo.push_back("photo_" + size);
    ASSERT_EQ(place->run(command("infer", of_photo)).code, 0);
    const std::string npz = read_file(*place / ("camera_" + size + "/frames/000003.npz"));
    EXPECT_THAT(npz, HasSubstr("intrinsics.npy"));
    EXPECT_TRUE(npz == read_file(*place / ("photo_" + size + "/frame.npz"))) << size;
    EXPECT_TRUE(read_file(*place / ("camera_" + size + "/frames/000003.exr")) ==
                read_file(*place / ("photo_" + size + "/frame.exr")))
        << size;
  }
}

TEST_F(VideoCommand, APipeGivesWhatTheFileGives) {
  ASSERT_EQ(place->run(video("in.rgb", {"-f", "npy", "-o", "of_file"})).code, 0);
  const Ended piped = place->run(video("-", {"-f", "npy", "-o", "of_pipe"}), read_file(*place / "in.rgb"));
  ASSERT_EQ(piped.code, 0) << piped.err;
  EXPECT_TRUE(read_file(*place / "of_file/frames/000007.npy") ==
              read_file(*place / "of_pipe/frames/000007.npy"));
}

TEST_F(VideoCommand, FoldersOfPhotosAndOfVideosAreNotMixed) {
  ASSERT_EQ(place->run(video("in.rgb", {"-f", "npy", "-o", "of_video"})).code, 0);
  const std::string records = read_file(*place / "of_video/manifest.jsonl");
  std::ofstream(*place / "photo.ppm", std::ios::binary) << "P6\n40 30\n255\n" << frame(0);
  const Ended refused = place->run(command("infer", {"photo.ppm", "-f", "npy", "-o", "of_video"}));
  EXPECT_EQ(refused.code, 1) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("of_video/manifest.jsonl"));
  EXPECT_EQ(read_file(*place / "of_video/manifest.jsonl"), records);
  EXPECT_FALSE(std::filesystem::exists(*place / "of_video/photo.npy"));
}

TEST_F(VideoCommand, WhatMayBeAnotherVideoIsNotTakenForDone) {
  ASSERT_EQ(place->run(video("-", {"-f", "npy", "-o", "piped"}), read_file(*place / "in.rgb")).code, 0);
  const std::string before = read_file(*place / "piped/frames/000003.npy");
  const std::string other = read_file(*place / "in.rgb").substr(3 * kFrameBytes);
  const Ended again = place->run(video("-", {"-f", "npy", "-o", "piped"}), other);
  EXPECT_EQ(again.code, 1) << again.err;
  EXPECT_THAT(again.err, HasSubstr("--overwrite"));
  EXPECT_EQ(place->run(video("-", {"-f", "npy", "-o", "piped", "--overwrite"}), other).code, 0);
  EXPECT_FALSE(read_file(*place / "piped/frames/000003.npy") == before);

  ASSERT_EQ(place->run(video("in.rgb", {"-f", "npy", "-o", "shaped"})).code, 0);
  EXPECT_EQ(place->run(command("video", {"in.rgb", "--raw", "30x40@10", "-f", "npy", "-o", "shaped"})).code,
            2);
}

TEST_F(VideoCommand, TemporaryFilesOfDeadRunsGo) {
  ASSERT_EQ(place->run(video("in.rgb", {"-f", "npy", "-o", "swept"})).code, 0);
  const auto left = *place / "swept/frames/.da3-4194304-0.tmp";  // No process has this number
  std::ofstream(left) << "x";
  std::filesystem::last_write_time(left,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  ASSERT_EQ(place->run(video("in.rgb", {"-f", "npy", "-o", "swept"})).code, 0);
  EXPECT_FALSE(std::filesystem::exists(left));
}

TEST_F(VideoCommand, TheInputIsNeverReplaced) {
  if (!has_ffmpeg()) GTEST_SKIP() << "needs the runner with FFmpeg, and the ffmpeg program";
  const std::string clip = (*place / "clip.mp4").string();
  ASSERT_EQ(std::system(("ffmpeg -v error -y -f rawvideo -pix_fmt rgb24 -s 40x30 -r 10 -i '" +
                         (*place / "in.rgb").string() + "' -c:v mpeg4 '" + clip + "'")
                            .c_str()),
            0);
  const std::string before = read_file(clip);
  std::filesystem::create_symlink("clip.mp4", *place / "link.mp4");
  for (const std::string output : {"clip.mp4", "link.mp4", "./clip.mp4"}) {
    const Ended ended = place->run(command("video", {"clip.mp4", "-o", output, "--overwrite"}));
    EXPECT_EQ(ended.code, 1) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("this is the input"));
    EXPECT_TRUE(read_file(clip) == before) << output;
  }

  ASSERT_EQ(place->run(command("video", {"clip.mp4", "-o", "shown", "-f", "vis"})).code, 0);
  const std::string shown = read_file(*place / "shown/clip.vis.mp4");
  const Ended removing =
      place->run(command("video", {"shown/clip.vis.mp4", "-o", "shown", "-f", "npy", "--overwrite"}));
  EXPECT_EQ(removing.code, 1) << removing.err;
  EXPECT_THAT(removing.err, HasSubstr("this is the input"));
  EXPECT_TRUE(read_file(*place / "shown/clip.vis.mp4") == shown);
}

TEST_F(VideoCommand, AVideoOfAnyNameIsMadeAgain) {
  if (!has_ffmpeg()) GTEST_SKIP() << "needs the runner with FFmpeg, and the ffmpeg program";
  frames("caf\xe9.rgb", 4);
  if (!std::filesystem::exists(*place / "caf\xe9.rgb"))
    GTEST_SKIP() << "a file system that takes names of any bytes is needed";
  ASSERT_EQ(place->run(video("caf\xe9.rgb", {"-f", "vis", "-o", "odd"})).code, 0);
  const Ended again =
      place->run(video("caf\xe9.rgb", {"-f", "vis", "-o", "odd", "--limit", "2", "--overwrite"}));
  EXPECT_EQ(again.code, 0) << again.err;
}

TEST_F(VideoCommand, ADryRunWritesNothingAndSaysWhatWouldBe) {
  const Ended ended = place->run(video("in.rgb", {"-f", "npy", "-o", "dry", "--dry-run"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("40x30"));
  EXPECT_THAT(ended.out, HasSubstr("dry/frames/NNNNNN.npy"));
  EXPECT_FALSE(std::filesystem::exists(*place / "dry"));
  const Ended as_json = place->run(video("in.rgb", {"-f", "npy", "-o", "dry", "--dry-run", "--json"}));
  EXPECT_EQ(nlohmann::json::parse(as_json.out).at("processed").at("width"), 56);
}

TEST_F(VideoCommand, AConstantRateCountsForPipes) {
  const Ended ended = place->run(video("in.rgb", {"-o", "-", "-f", "raw", "--constant-fps", "25"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  // 12 frames of 0.1 s.
  EXPECT_EQ(ended.out.size(), 30 * kFrameBytes / 3 * sizeof(float));
  EXPECT_EQ(place->run(video("in.rgb", {"-o", "x", "--constant-fps", "fast"})).code, 2);
}

TEST_F(VideoCommand, CutsComeFromAFileAndConfidenceGoesIntoNpz) {
  std::ofstream(*place / "cuts.txt") << "0:00:00.45\n";
  const Ended ended = place->run(
      video("in.rgb", {"-f", "npz", "-o", "cuts", "--cuts", "cuts.txt", "--confidence", "--json"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  std::vector<int> cuts;
  for (const nlohmann::json& record : json_lines(ended.out)) {
    if (record.at("cut").get<bool>()) cuts.push_back(record.at("frame").get<int>());
  }
  EXPECT_THAT(cuts, ElementsAre(5));
  EXPECT_THAT(read_file(*place / "cuts/frames/000003.npz"), HasSubstr("confidence.npy"));
  EXPECT_EQ(place->run(video("in.rgb", {"-f", "npy", "-o", "x", "--confidence"})).code, 2);
  const Ended missing = place->run(video("in.rgb", {"-f", "npy", "-o", "x", "--cuts", "no.txt"}));
  EXPECT_EQ(missing.code, 2) << missing.err;
  EXPECT_THAT(missing.err, HasSubstr("--cuts"));
  EXPECT_EQ(place->run(video("in.rgb", {"-o", "x", "--intrinsics", "cameras.txt"})).code, 2);
}

/// Runs the command again and again, ended by `signal` after parts of `whole`, until it is done.
int times_stopped(const Workplace& place, const std::vector<std::string>& args, int signal,
                  std::chrono::duration<double> whole) {
  int stopped = 0;
  for (const double part : {0.1, 0.62, 0.45, 0.37, 10.0}) {
    Circumstances circumstances;
    circumstances.signal = signal;
    circumstances.signal_after = std::chrono::duration_cast<std::chrono::microseconds>(part * whole);
    const Ended ended = place.run(args, circumstances);
    if (ended.code == 0) return stopped;
    ++stopped;
  }
  ADD_FAILURE() << "never done";
  return stopped;
}

TEST_F(VideoCommand, KilledAndGoneOnItEndsInTheSameBytes) {
  frames("long.rgb", 500);
  const bool encodes = has_ffmpeg();
  const std::vector<std::string> formats = {"-f", encodes ? "vis,gray16,png16" : "png16"};
  const auto into = [&](const std::string& folder) {
    std::vector<std::string> more = formats;
    more.insert(more.end(), {"-o", folder, "--range", "video"});
    return video("long.rgb", more);
  };
  const auto start = std::chrono::steady_clock::now();
  const Ended whole = place->run(into("whole"));
  const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - start;
  ASSERT_EQ(whole.code, 0) << whole.err;
  std::vector<std::string> files = files_below(*place / "whole");
  EXPECT_EQ(files.size(), encodes ? 503U : 501U);
  std::erase(files, "manifest.jsonl");  // It holds durations
  for (const int signal : {SIGKILL, SIGTERM}) {
    const std::string folder = "parts" + std::to_string(signal);
    RecordProperty("stopped_by_" + std::to_string(signal),
                   times_stopped(*place, into(folder), signal, duration));
    for (const std::string& file : files) {
      ASSERT_TRUE(read_file(*place / ("whole/" + file)) == read_file(*place / (folder + "/" + file))) << file;
    }
    EXPECT_EQ(last_line(folder).at("frames"), 500);
    EXPECT_FALSE(std::filesystem::exists(*place / (folder + "/.da3-segments")));
  }
}

TEST_F(VideoCommand, MemoryDoesNotGrowWithTheLength) {
  // DA3_TEST_FRAMES=3000 for the length of the specification.
  const char* asked = std::getenv("DA3_TEST_FRAMES");
  const int most = asked != nullptr ? std::atoi(asked) : 600;
  const auto peak = [&](int count) {
    frames("memory.rgb", count);
    const Ended ended =
        place->run(video("memory.rgb", {"-f", "png16", "-o", "memory", "--batch", "4", "--overwrite"}));
    EXPECT_EQ(ended.code, 0) << ended.err;
    return static_cast<double>(ended.peak_resident_bytes);
  };
  const double few = peak(100);
  const double many = peak(most);
  RecordProperty("few_mib", static_cast<int>(few / 1048576));
  RecordProperty("many_mib", static_cast<int>(many / 1048576));
  EXPECT_LT(many, 1.05 * few) << most << " frames";
}

TEST_F(VideoCommand, OnlyItsOwnRunnerLoadsFfmpegAndRenderLoadsNoNetwork) {
  const std::string runners = std::string(DA3_RUNNERS);
  const auto loads = [&](const std::string& runner, const std::string& library) {
    return std::system(("ldd '" + runners + "/" + runner + "' 2>/dev/null | grep -q " + library).c_str()) ==
           0;
  };
  if (!loads("da3-run", "libtorch")) GTEST_SKIP() << "needs ldd";
  EXPECT_FALSE(loads("da3-run", "libav"));
  EXPECT_FALSE(loads("da3-render", "libtorch"));
  EXPECT_FALSE(loads("da3-render", "libav"));
}

TEST_F(VideoCommand, DoctorNamesWhatReadsVideosAndHeic) {
  const Ended doctor = place->run({"doctor", "--json"});
  ASSERT_EQ(doctor.code, 0);
  const nlohmann::json versions = nlohmann::json::parse(doctor.out).at("versions");
  EXPECT_THAT(versions.at("video").get<std::string>(),
              ::testing::AnyOf(HasSubstr("libavcodec"), HasSubstr("no FFmpeg")));
  EXPECT_THAT(versions.at("heic").get<std::string>(), HasSubstr("libheif"));
}

}  // namespace
}  // namespace da3::testing
