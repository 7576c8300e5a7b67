// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <video/av/clips.hpp>
#include <video/av/handles.hpp>
#include <video/over_time.hpp>

// Whole runs with a fake model, from file to file.
namespace da3::video {
namespace {

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

TEST_F(Runs, EveryEncoderKeepsTheTimes) {
  const std::string input = make("in.mp4", h264());
  for (const auto& [encoder, container] :
       std::vector<std::pair<std::string, std::string>>{{"libx264", "mov"},
                                                        {"libx265", "mkv"},
                                                        {"libx265", "mp4"},
                                                        {"libvpx-vp9", "webm"},
                                                        {"libvpx-vp9", "mp4"},
                                                        {"mpeg4", "mkv"}}) {
    if (!has_encoder(encoder)) continue;
    options_.encoder = encoder;
    const std::string output = (folder_.path() / (encoder + "." + container)).string();
    ASSERT_EQ(run(input, output, {"vis"}).done, kFrames) << output;
    const auto reader = av::library().open(output, {});
    for (int i = 0; i < kFrames; ++i) {
      const auto frame = reader->next();
      ASSERT_TRUE(frame && !frame->error) << output << " " << i;
      EXPECT_NEAR(seconds_of(frame->pts, reader->facts().time_base), i / 12.0, 1e-3) << output;
    }
    EXPECT_FALSE(reader->next()) << output;
  }
}

TEST_F(Runs, AFileWhoseRunWasKilledJustAfterItGotItsNameIsDone) {
  const std::string input = make("in.mp4", h264());
  const std::string output = (folder_.path() / "out.mkv").string();
  VideoLibrary library = av::library();
  library.join = [](const JoinSpec& spec) {
    av::library().join(spec);
    return std::vector<std::string>{"joined"};  // Told once the file has its name
  };
  VideoOptions options = options_;
  options.input = input;
  options.output_dir = output;
  options.formats = {"vis"};
  VideoEnvironment environment;
  environment.model = model_;
  environment.memory = &memory_;
  environment.library = &library;
  VideoCallbacks callbacks;
  callbacks.on_note = [](bool, const std::string& text) {
    if (text == "joined") throw std::runtime_error(text);
  };
  EXPECT_THROW(run_video(options, environment, callbacks, {}), std::runtime_error);
  ASSERT_TRUE(std::filesystem::exists(output + ".da3-work"));

  const std::string whole = bytes_of(output);
  std::ofstream(output, std::ios::binary) << "mine";
  EXPECT_THROW(run(input, output, {"vis"}), Error) << "another file has come to that name";
  EXPECT_EQ(bytes_of(output), "mine");
  std::ofstream(output, std::ios::binary) << whole;
  EXPECT_EQ(run(input, output, {"vis"}).resumed, kFrames);
  EXPECT_TRUE(bytes_of(output) == whole);
  EXPECT_FALSE(std::filesystem::exists(output + ".da3-work"));
}

TEST_F(Runs, AnEncoderThatKnowsNoFineTicksKeepsThem) {
  // Ticks of 1/90000 s.
  const std::string input = make("in.ts", h264());
  options_.encoder = "mpeg4";
  options_.choice.every = 5;
  const std::string output = (folder_.path() / "out.mkv").string();
  ASSERT_EQ(run(input, output, {"vis"}).done, 5);
  const auto reader = av::library().open(output, {});
  for (int i = 0; i < 5; ++i) {
    const auto frame = reader->next();
    ASSERT_TRUE(frame && !frame->error) << i;
    EXPECT_NEAR(seconds_of(frame->pts, reader->facts().time_base), 5 * i / 12.0, 1e-3) << i;
  }
}

TEST_F(Runs, EveryContainerSaysWhichColoursItHas) {
  const std::string input = make("in.mp4", h264());
  options_.choice.limit = 2;
  for (const auto& [encoder, container] :
       std::vector<std::pair<std::string, std::string>>{{"libx264", "mp4"},
                                                        {"mpeg4", "mp4"},
                                                        {"mpeg4", "mov"},
                                                        {"mpeg4", "mkv"},
                                                        {"ffv1", "mkv"},
                                                        {"libvpx", "webm"},
                                                        {"libvpx-vp9", "webm"},
                                                        {"libvpx-vp9", "mp4"}}) {
    if (!has_encoder(encoder)) continue;
    options_.encoder = encoder;
    const std::string output = (folder_.path() / (encoder + "." + container)).string();
    ASSERT_EQ(run(input, output, {"vis"}).done, 2) << output;
    const av::InputPtr file = av::open_input(output);
    const AVCodecParameters& video = *file->streams[0]->codecpar;
    EXPECT_EQ(video.color_space, AVCOL_SPC_BT709) << output;
    EXPECT_EQ(video.color_primaries, AVCOL_PRI_BT709) << output;
    EXPECT_EQ(video.color_trc, AVCOL_TRC_BT709) << output;
    EXPECT_NE(video.color_range, AVCOL_RANGE_JPEG) << output;  // MOV says nothing where it is limited
  }
}

TEST_F(Runs, AColonInANameIsNoProtocol) {
  const std::string input = make("in.mp4", h264());
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  options_.choice.limit = 2;
  for (const std::string output : {"12:30 walk.mp4", "http:x.mov", "concat:x.mkv"}) {
    EXPECT_EQ(run(input, output, {"vis"}).done, 2) << output;
    EXPECT_TRUE(std::filesystem::exists(output)) << output;
  }
  std::filesystem::copy("12:30 walk.mp4", "10:00.mp4");
  EXPECT_EQ(run("10:00.mp4", "", {"vis"}).done, 2);
  EXPECT_TRUE(std::filesystem::exists("10:00.mp4.depth/10:00.vis.mp4"));
  std::filesystem::current_path(before);
}

TEST_F(Runs, AFileWhoseRunWasKilledWhileItTidiedUpIsDone) {
  const std::string input = make("in.mp4", h264());
  const std::string output = (folder_.path() / "x.mkv").string();
  const std::filesystem::path work = output + ".da3-work";
  run(input, output, {"vis"});
  EXPECT_THROW(run(input, output, {"vis"}), Error) << "nobody knows whose it is";
  const std::string folder = (folder_.path() / "folder").string();
  run(input, folder, {"vis"});  // The same journal, which stays
  std::filesystem::create_directory(work);
  std::filesystem::copy(folder + "/manifest.jsonl", work / "manifest.jsonl");
  EXPECT_EQ(run(input, output, {"vis"}).resumed, kFrames);
  EXPECT_FALSE(std::filesystem::exists(work));
}

TEST_F(Runs, VideosOfTheRunBeforeGoAndOthersStay) {
  const std::string input = make("in.mp4", h264());
  const std::filesystem::path output = folder_.path() / "out";
  run(input, output.string(), {"vis", "side"});
  options_.overwrite = true;
  run(input, output.string(), {"vis"});
  EXPECT_TRUE(std::filesystem::exists(output / "in.vis.mp4"));
  EXPECT_FALSE(std::filesystem::exists(output / "in.side.mp4"));
  std::ofstream(output / "in.side.mp4") << "mine";
  const int calls = model_->calls();
  try {
    run(input, output.string(), {"vis", "side"});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutputExists) << error.what();
  }
  EXPECT_EQ(model_->calls(), calls);
  EXPECT_EQ(bytes_of(output / "in.side.mp4"), "mine");
  options_.overwrite = false;
  EXPECT_EQ(run(input, output.string(), {"vis"}).resumed, kFrames) << "what was refused changed nothing";
}

// SECURITY.md: a folder that somebody else made has no hold on files outside of it.
TEST_F(Runs, TemporaryFilesAreNotWrittenThroughLinks) {
  const std::string input = make("in.mp4", h264());
  const std::filesystem::path output = folder_.path() / "out";
  run(input, output.string(), {"vis"});
  const std::filesystem::path theirs = folder_.path() / "theirs";
  std::ofstream(theirs) << "theirs";
  std::filesystem::create_symlink(theirs, output / ".da3-join-vis.tmp");
  std::filesystem::create_directory(output / ".da3-segments");
  std::filesystem::create_symlink(theirs, output / ".da3-segments/vis-000000.nut.tmp");
  std::filesystem::create_symlink(theirs, folder_.path() / "segment");
  options_.overwrite = true;
  options_.choice.limit = 2;
  EXPECT_EQ(run(input, output.string(), {"vis"}).done, 2);
  EXPECT_EQ(bytes_of(theirs), "theirs");
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(output / "in.vis.mp4")));

  const StreamSpec spec{.size = {kHeight, kWidth}, .time_base = {1, kRate}, .encoder = "libx264"};
  av::library().segment(folder_.path() / "segment", spec)->finish();
  EXPECT_EQ(bytes_of(theirs), "theirs");
}

TEST_F(Runs, WhatNoFileCouldHoldIsRefusedBeforeAnyDepth) {
  const std::string input = make("in.mp4", h264());
  // Segments cannot hold AV1, and some of its encoders wait for ever when they are closed without a frame.
  // The others have no header in these containers, or one that describes other pixels.
  for (const auto& [encoder, container] :
       std::vector<std::pair<std::string, std::string>>{{"libsvtav1", "mkv"},
                                                        {"libaom-av1", "mkv"},
                                                        {"nobody", "mkv"},
                                                        {"libvpx-vp9", "mov"},
                                                        {"libvpx", "mov"},
                                                        {"rawvideo", "mov"},
                                                        {"rawvideo", "mkv"}}) {
    options_.encoder = encoder;
    try {
      run(input, (folder_.path() / ("none." + container)).string(), {"vis"});
      ADD_FAILURE() << encoder << " in " << container;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kEncoderUnavailable) << encoder << " in " << container;
    }
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / ("none." + container + ".da3-work")));
  }
  EXPECT_EQ(model_->calls(), 0);
}

TEST_F(Runs, EachFailureIsTold) {
  const std::string input = make("in.mov", "-c:v prores_ks -pix_fmt yuv422p10le");
  std::string bytes = bytes_of(input);
  bytes.replace(bytes.size() / 2, 512, std::string(512, '\x5a'));
  std::ofstream(input, std::ios::binary) << bytes;
  EXPECT_EQ(run(input, (folder_.path() / "out").string(), {"npy"}).failed, 1);
  ASSERT_EQ(failures_.size(), 1U);
  EXPECT_NE(failures_.front().find(input + ": frame 1"), std::string::npos) << failures_.front();
}

TEST_F(Runs, DamageThatFfmpegPassesOverIsTold) {
  // Of Matroska the packets up to the next cluster vanish; Motion JPEG shows something else.
  for (const auto& [name, arguments, byte] : std::vector<std::tuple<std::string, std::string, char>>{
           {"hole.mkv", h264(), '\0'}, {"motion.avi", "-c:v mjpeg -q:v 3", '\x5a'}}) {
    const std::string input = make(name, arguments);
    run(input, (folder_.path() / ("whole" + std::to_string(byte))).string(), {"npy"});
    EXPECT_TRUE(warnings_.empty()) << name << ": " << warnings_.front().text;
    std::string bytes = bytes_of(input);
    bytes.replace(bytes.size() / 2, 512, std::string(512, byte));
    std::ofstream(input, std::ios::binary) << bytes;
    const VideoSummary summary =
        run(input, (folder_.path() / ("damaged" + std::to_string(byte))).string(), {"npy"});
    EXPECT_TRUE(summary.failed > 0 || !warnings_.empty()) << name;
    warnings_.clear();
  }
}

TEST_F(Runs, RecordsSayWhatBuildsOnADamagedFrame) {
  const std::string whole = make("whole.mp4", h264() + " -g 12");
  std::size_t third = 0;  // A frame that is no key frame
  {
    const av::InputPtr input = av::open_input(whole);
    const av::PacketPtr packet = av::make_packet();
    for (int i = 0; i < 3 && av_read_frame(input.get(), packet.get()) >= 0; ++i) {
      third = static_cast<std::size_t>(packet->pos);
      av_packet_unref(packet.get());
    }
  }
  const std::string input =
      folder_.write("in.mp4", bytes_of(whole).replace(third, 4, "\x7f\xff\xff\xff")).string();
  const VideoSummary summary = run(input, (folder_.path() / "out").string(), {"npy"});
  EXPECT_EQ(summary.failed + summary.done, kFrames);
  EXPECT_GT(summary.failed, 0);
  int building = 0;
  for (const json& line : lines_) {
    const bool builds = line.value("builds_on_damaged", false);
    building += builds ? 1 : 0;
    if (line["frame"] >= 12) {
      EXPECT_FALSE(builds) << line["frame"];
    }
    if (line["status"] == "failed") {
      EXPECT_EQ(line["error"]["code"], "video.damaged");
      EXPECT_FALSE(line.contains("builds_on_damaged"));
    }
  }
  EXPECT_GT(building, 0);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(warnings_[0].text, input + ": " + std::to_string(building) +
                                   " frames may show what damaged ones left (builds_on_damaged)");
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
