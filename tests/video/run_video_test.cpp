// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include <depth/way.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <video/records.hpp>
#include <video/run_video.hpp>

#include <da3/error.hpp>

#include <testing/fake_model.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::video {
namespace {

using da3::testing::FakeMemory;
using da3::testing::FakeModel;
using da3::testing::TemporaryFolder;
using nlohmann::json;

constexpr Size kSize{42, 56};

/// Raw frames whose red grows from frame to frame.
std::string raw_frames(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    for (std::size_t p = 0; p < kSize.area(); ++p) {
      bytes += {static_cast<char>(i), static_cast<char>(p % 7), 0};
    }
  }
  return bytes;
}

class RunVideoTest : public ::testing::Test {
 protected:
  RunVideoTest() {
    options_.input = "-";
    options_.raw = RawFormat{kSize, {10, 1}};
    options_.output_dir = folder_.path() / "out";
    options_.formats = {"npy"};
    environment_.model = model_;
    environment_.memory = &memory_;
  }

  VideoSummary run(int frames, const std::stop_token& stop = {}) {
    std::istringstream stream(raw_frames(frames));
    options_.stream = &stream;
    VideoCallbacks callbacks;
    callbacks.on_record = [&](const std::string& text) { records_.push_back(json::parse(text)); };
    callbacks.on_note = [&](bool, const std::string& text) { notes_ += text + "\n"; };
    return run_video(options_, environment_, callbacks, stop);
  }

  /// The same from a file, which can be read again.
  VideoSummary run_file(int frames) {
    options_.input = (folder_.path() / "frames.rgb").string();
    if (!std::filesystem::exists(options_.input))
      std::ofstream(options_.input, std::ios::binary) << raw_frames(frames);
    options_.vis_range = {{1.0, 2.0}};  // Without a look at the whole video first
    return run(0);
  }

  std::size_t num_files(const std::string& name) const {
    const std::filesystem::directory_iterator files(folder_.path() / "out" / name);
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

  /// Cuts the manifest off behind its first `count` lines, as a run that was killed leaves it.
  void cut_manifest(int count) const {
    const std::string all = content("manifest.jsonl");
    std::size_t end = 0;
    for (int i = 0; i < count; ++i) end = all.find('\n', end) + 1;
    std::ofstream(folder_.path() / "out/manifest.jsonl", std::ios::binary) << all.substr(0, end);
  }

  std::string content(const std::string& name) const {
    std::ifstream file(folder_.path() / "out" / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  TemporaryFolder folder_;
  std::shared_ptr<FakeModel> model_ = std::make_shared<FakeModel>();
  FakeMemory memory_;
  VideoOptions options_;
  VideoEnvironment environment_;
  std::vector<json> records_;
  std::string notes_;
};

TEST_F(RunVideoTest, AFramesFileHoldsTheModelsOwnDepth) {
  options_.size = options::ResultSize::kModel;
  EXPECT_EQ(run(3).done, 3);
  const std::string bytes = content("frames/000002.npy");
  ASSERT_GT(bytes.size(), kSize.area() * sizeof(float));
  float first = 0;
  std::memcpy(&first, bytes.data() + (bytes.size() - kSize.area() * sizeof(float)), sizeof(first));
  EXPECT_EQ(first, 1.0F + 2.0F / 1000) << "red of frame 2, not steadied";
}

TEST_F(RunVideoTest, AFileWhoseFramesGoInGroupsGivesWhatAPipeGives) {
  // More than a checkpoint apart, and no whole number of groups.
  constexpr int kFrames = 251;
  run(kFrames);
  const std::vector<json> of_pipe = records_;
  std::vector<std::string> depth;
  for (const json& record : of_pipe) depth.push_back(content(record.at("outputs").at("npy")));
  records_.clear();
  const std::filesystem::path file = folder_.path() / "frames.rgb";
  std::ofstream(file, std::ios::binary) << raw_frames(kFrames);
  options_.input = file.string();
  options_.vis_range = {{1.0, 2.0}};  // Without a look at the whole video first
  options_.overwrite = true;
  run(0);
  ASSERT_EQ(records_.size(), of_pipe.size());
  for (std::size_t i = 0; i < records_.size(); ++i) {
    EXPECT_EQ(records_[i].at("frame"), of_pipe[i].at("frame"));
    EXPECT_EQ(records_[i].at("depth"), of_pipe[i].at("depth"));
    EXPECT_EQ(content(records_[i].at("outputs").at("npy")), depth[i]) << i;
  }
}

TEST_F(RunVideoTest, FilesOfFramesThatAreGoneOrEmptyAreMadeAgain) {
  run_file(251);
  const std::string frame = content("frames/000005.npy");
  std::filesystem::remove(folder_.path() / "out/frames/000245.npy");
  VideoSummary again = run_file(251);
  EXPECT_EQ(again.resumed, 240) << "the checkpoint before it";
  EXPECT_EQ(again.done, 11);
  EXPECT_FALSE(content("frames/000245.npy").empty());
  std::ofstream(folder_.path() / "out/frames/000005.npy").close();
  again = run_file(251);
  EXPECT_EQ(again.done, 251);
  EXPECT_EQ(content("frames/000005.npy"), frame);
  EXPECT_EQ(run_file(251).resumed, 251);
}

TEST_F(RunVideoTest, ARunThatBeginsAnewLeavesNoFramesOfTheOneBefore) {
  options_.formats = {"npy", "pfm"};
  run(8);
  std::ofstream(folder_.path() / "out/frames/notes.txt") << "mine";
  options_.formats = {"npy"};
  options_.overwrite = true;
  run(3);
  EXPECT_EQ(num_files("frames"), 4U) << "three frames, and what is no frame's name";
  options_.overwrite = false;
  cut_manifest(3);  // A pipe cannot be read again
  run(1);
  EXPECT_EQ(num_files("frames"), 2U);
}

TEST_F(RunVideoTest, TheInputIsNotRemovedWithTheRunBefore) {
  run(3);
  // A file of raw frames that has the name of a result, by itself and behind a link.
  const std::filesystem::path taken = folder_.path() / "out/frames/000001.npy";
  std::ofstream(taken, std::ios::binary) << raw_frames(3);
  std::filesystem::create_symlink(taken, folder_.path() / "link.rgb");
  options_.overwrite = true;
  for (const std::filesystem::path& input : {taken, folder_.path() / "link.rgb"}) {
    options_.input = input.string();
    EXPECT_THROW(run(0), Error);
    EXPECT_EQ(std::filesystem::file_size(taken), raw_frames(3).size());
    EXPECT_EQ(num_files("frames"), 3U);
  }
}

TEST_F(RunVideoTest, WhatIsLeftOfAPipesResultsIsNotTakenForThisPipes) {
  run(8);
  std::filesystem::remove(folder_.path() / "out/frames/000001.npy");
  EXPECT_THROW(run(3), Error);
  EXPECT_EQ(num_files("frames"), 7U);
  options_.overwrite = true;
  EXPECT_EQ(run(3).done, 3);
}

TEST_F(RunVideoTest, AnInputsNameIsExactInItsRecords) {
  const std::string name = folder_.path() / "caf\xe9.rgb";
  std::ofstream(name, std::ios::binary) << raw_frames(1);
  if (!std::filesystem::exists(name)) GTEST_SKIP() << "a file system that takes names of any bytes is needed";
  options_.input = name;
  options_.vis_range = {{1.0, 2.0}};
  run(0);
  const std::string all = content("manifest.jsonl");
  EXPECT_EQ(path_of(json::parse(all.substr(0, all.find('\n')))), name);
  EXPECT_TRUE(records_.at(0).contains("path_base64"));
}

TEST_F(RunVideoTest, AManifestHasOneHeaderWhereverRunsWereKilled) {
  run_file(251);
  const std::string whole = content("manifest.jsonl");
  const auto without_times = [](std::string text) {
    for (std::size_t at = text.find("\"ms\""); at != std::string::npos; at = text.find("\"ms\"", at))
      text.erase(at, text.find('}', at) - at);
    return text;
  };
  for (const int lines : {1, 5, 245}) {
    cut_manifest(lines);
    run_file(251);
    EXPECT_TRUE(without_times(content("manifest.jsonl")) == without_times(whole)) << lines;
  }
}

TEST_F(RunVideoTest, ARangeThatNoPictureCanShowIsRefusedBeforeAnyFrame) {
  options_.vis_range = {{0.0, 5.0}};
  try {
    run(3);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
  }
  EXPECT_TRUE(records_.empty());
}

TEST_F(RunVideoTest, APreviewWithoutAPictureOfAFrameIsRefused) {
  options_.preview = 16;
  EXPECT_THROW(run(1), Error);
  options_.formats = {"vis-jpg"};
  EXPECT_EQ(run(1).done, 1);
}

TEST(DecoderThreads, LeaveACoreToWritingNextToANetworkOnTheCpu) {
  EXPECT_EQ(decoder_threads(DeviceKind::kCpu, 1), 1);
  EXPECT_EQ(decoder_threads(DeviceKind::kCpu, 2), 1);
  EXPECT_EQ(decoder_threads(DeviceKind::kCpu, 16), 8);
  EXPECT_EQ(decoder_threads(DeviceKind::kCuda, 16), 16);
}

TEST_F(RunVideoTest, RecordsSayTimesInOrder) {
  run(12);
  ASSERT_EQ(records_.size(), 12U);
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(records_[static_cast<std::size_t>(i)]["frame"], i);
    EXPECT_NEAR(records_[static_cast<std::size_t>(i)]["seconds"].get<double>(), i * 0.1, 1e-9);
    EXPECT_EQ(records_[static_cast<std::size_t>(i)]["status"], "done");
  }
}

TEST_F(RunVideoTest, ChoosesFramesByTime) {
  options_.choice.frames_per_s = 5;
  options_.choice.limit = 3;
  EXPECT_EQ(run(20).done, 3);
  EXPECT_EQ(records_[1]["frame"], 2);
  EXPECT_EQ(records_[2]["frame"], 4);
}

TEST_F(RunVideoTest, APipeGetsARunningRangeAndPicturesOfFramesWithoutAnEncoder) {
  options_.formats = {};
  EXPECT_EQ(run(3).done, 3) << "fewer than are held back";
  EXPECT_FALSE(content("frames/000000.vis.png").empty());
  EXPECT_FALSE(content("frames/000000.png").empty());
  EXPECT_EQ(
      json::parse(content("manifest.jsonl").substr(0, content("manifest.jsonl").find('\n')))["range"]["mode"],
      "running");
}

TEST_F(RunVideoTest, WritesRawDepthToAPipe) {
  options_.output_dir = "-";
  options_.formats = {"raw"};
  options_.size = options::ResultSize::kModel;
  std::FILE* file = std::tmpfile();
  environment_.standard_output = file;
  EXPECT_EQ(run(2).done, 2);
  EXPECT_EQ(std::ftell(file), static_cast<long>(2 * kSize.area() * sizeof(float)));
  std::fclose(file);
}

TEST_F(RunVideoTest, ABatchNeverCrossesACheckpointAndMemoryIsBounded) {
  options_.formats = {"none"};
  options_.batch = 7;
  EXPECT_EQ(run(250).done, 250);
  for (const int batch : model_->batches()) EXPECT_LE(batch, 7);
}

TEST_F(RunVideoTest, RefusesAFolderOfOtherFilesAndOtherOptions) {
  std::filesystem::create_directories(folder_.path() / "out");
  std::ofstream(folder_.path() / "out" / "mine.txt") << "x";
  EXPECT_THROW(run(1), Error);
  std::filesystem::remove(folder_.path() / "out" / "mine.txt");
  run(2);
  options_.formats = {"pfm"};
  EXPECT_THROW(run(2), Error);
  options_.overwrite = true;
  EXPECT_EQ(run(2).done, 2);
}

TEST_F(RunVideoTest, AFinishedVideoOfADamagedManifestIsNotBelieved) {
  EXPECT_EQ(run(3).done, 3);
  const std::string good = content("manifest.jsonl");
  const std::size_t end = good.find(R"("frames":3)");
  ASSERT_NE(end, std::string::npos);
  for (const std::string wrong : {R"("frames":1e300)", R"("frames":-3)", R"("frames":"3")", R"("f":3)"}) {
    std::string text = good;
    std::ofstream(folder_.path() / "out/manifest.jsonl", std::ios::binary)
        << text.replace(end, std::strlen(R"("frames":3)"), wrong);
    try {
      run(3);
      ADD_FAILURE() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kOutputExists) << error.what();
      EXPECT_THAT(error.what(), ::testing::HasSubstr("its manifest is damaged"));
    }
  }
}

TEST_F(RunVideoTest, APipeThatEndsWhenItIsAskedToStopIsInterrupted) {
  std::stop_source stop;
  model_->on_predict_ = [&](const predict::Request&) { stop.request_stop(); };
  EXPECT_TRUE(run(1, stop.get_token()).interrupted) << "nobody knows whether more would have come";
  EXPECT_EQ(content("manifest.jsonl").find(R"("type":"end")"), std::string::npos);
}

TEST_F(RunVideoTest, AnInputThatFailsHasNotEnded) {
  /// Fails as a disk does, between two frames or within one.
  struct Failing : std::stringbuf {
    explicit Failing(const std::string& text) : std::stringbuf(text, std::ios_base::in) {}
    std::streamsize xsgetn(char* to, std::streamsize count) override {
      const std::streamsize got = std::stringbuf::xsgetn(to, count);
      if (got < count) throw std::ios_base::failure("no more");
      return got;
    }
  };
  for (const std::size_t missing : {std::size_t{0}, std::size_t{10}}) {
    const std::string all = raw_frames(3);
    Failing buffer(all.substr(0, all.size() - missing));
    std::istream stream(&buffer);
    options_.stream = &stream;
    options_.overwrite = true;
    try {
      run_video(options_, environment_, {});
      ADD_FAILURE() << missing;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInputUnreadable) << error.what();
    }
    EXPECT_EQ(content("manifest.jsonl").find(R"("type":"end")"), std::string::npos);
  }
}

TEST_F(RunVideoTest, ARunWithoutAFrameIsInNobodysWay) {
  options_.choice.start_s = 99;
  EXPECT_THROW(run_file(3), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "out"));
  options_.choice.start_s = 0;
  EXPECT_EQ(run_file(3).done, 3);
}

TEST_F(RunVideoTest, APipeWithANameIsAskedForOnStandardInput) {
  options_.input = (folder_.path() / "fifo").string();
  ASSERT_EQ(mkfifo(options_.input.c_str(), 0600), 0);
  try {
    run(0);  // Opening it would wait for ever
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInputNotRegular);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("da3 video - < "));
  }
}

TEST_F(RunVideoTest, AnEmptyVideoIsAnError) {
  try {
    run(0);
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kVideoDamaged);
  }
}

TEST_F(RunVideoTest, AnUnfinishedFrameIsCutShort) {
  std::istringstream stream(raw_frames(3).substr(0, 2 * kSize.area() * 3 + 5));
  options_.stream = &stream;
  const VideoSummary summary = run_video(options_, environment_);
  EXPECT_EQ(summary.done, 2);
  EXPECT_TRUE(summary.cut_short);
}

TEST_F(RunVideoTest, AFilesVideoNeedsALibrary) {
  options_.input = folder_.write("a.mp4", "x").string();
  options_.raw.reset();
  try {
    run_video(options_, environment_);
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kVideoUnavailable);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("yuv4mpegpipe"));
  }
}

TEST_F(RunVideoTest, MetricModelsNeedAFocalLengthBeforeTheFirstForward) {
  model_->spec_.depth_kind = DepthKind::kCanonical;
  EXPECT_THROW(run(1), Error);
  EXPECT_EQ(model_->calls(), 0);
  options_.focal_px = 300;
  EXPECT_EQ(run(1).done, 1);
}

}  // namespace
}  // namespace da3::video
