// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <video/av/clips.hpp>

// Runs with checkpoints, which are stopped and go on.
namespace da3::video {
namespace {

/// 25 times the clip: two checkpoints. Small pictures, since encoding them is most of the time.
class LongRuns : public Runs {
 protected:
  std::string long_clip() {
    std::string small = h264();
    small.replace(0, std::string_view("-vf ").size(), "-vf scale=96:54,");
    const std::string clip = make("clip.mp4", small);
    std::string input = (folder_.path() / "long.mp4").string();
    const std::string command =
        "ffmpeg -v error -y -stream_loop 24 -i '" + clip + "' -c copy '" + input + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return input;
  }
};

TEST_F(LongRuns, ADamagedCheckpointIsNotBelieved) {
  const std::string input = long_clip();
  const std::filesystem::path output = folder_.path() / "out";
  stop_after_ = 300;
  ASSERT_TRUE(run(input, output.string(), {"vis"}, source_.get_token()).interrupted);
  const std::string good = bytes_of(output / "manifest.jsonl");
  const std::size_t at = good.rfind(R"({"dropped")");
  ASSERT_NE(at, std::string::npos) << good.substr(0, 400);
  const json checkpoint = json::parse(good.substr(at, good.find('\n', at) - at));
  ASSERT_EQ(checkpoint.at("type"), "checkpoint");
  const auto patch = [](const char* path, const json& value) {
    return json::array({{{"op", "replace"}, {"path", path}, {"value", value}}});
  };
  const json far = 1e300;
  for (const json& change :
       {patch("/taken", far), patch("/taken", -256), patch("/failed", "0"), patch("/dropped", far),
        patch("/size", {54, 9000000}), patch("/size", {54}), patch("/steady/size", {far, 1}),
        patch("/steady/size", {3, 7}), patch("/steady/previous", {"a"}), patch("/look/counts", {{far, 1}}),
        patch("/look", nullptr), json::array({{{"op", "remove"}, {"path", "/steady"}}})}) {
    std::ofstream(output / "manifest.jsonl", std::ios::binary)
        << good.substr(0, at) << checkpoint.patch(change).dump() << "\n";
    try {
      run(input, output.string(), {"vis"});
      ADD_FAILURE() << change;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kOutputExists) << change << error.what();
    }
  }
}

TEST_F(LongRuns, ASegmentThatIsGoneOrDamagedIsMadeAgain) {
  const std::string input = long_clip();
  const std::filesystem::path output = folder_.path() / "out";
  stop_after_ = 300;
  ASSERT_TRUE(run(input, output.string(), {"vis"}, source_.get_token()).interrupted);
  const std::string manifest = bytes_of(output / "manifest.jsonl");
  const std::string segment = bytes_of(output / ".da3-segments/vis-000000.nut");
  ASSERT_GT(segment.size(), 1000U);
  stop_after_ = -1;
  std::string zeroed = segment;
  zeroed.replace(segment.size() / 2, 100, 100, '\0');
  std::string whole;
  for (const std::string& damaged : {segment, std::string(), segment.substr(0, segment.size() / 2), zeroed}) {
    std::filesystem::remove(output / "long.vis.mp4");
    std::filesystem::create_directory(output / ".da3-segments");
    std::ofstream(output / "manifest.jsonl", std::ios::binary) << manifest;
    std::ofstream(output / ".da3-segments/vis-000000.nut", std::ios::binary) << damaged;
    const VideoSummary summary = run(input, output.string(), {"vis"});
    EXPECT_EQ(summary.done, damaged == segment ? 360 : 600);
    if (whole.empty()) whole = bytes_of(output / "long.vis.mp4");
    EXPECT_TRUE(bytes_of(output / "long.vis.mp4") == whole) << damaged.size();
  }
  const auto reader = av::library().open((output / "long.vis.mp4").string(), {});
  EXPECT_EQ(read_all(*reader).size(), 600U);
}

TEST(Join, RefusesASegmentThatCannotBeReadToItsEnd) {
  const TemporaryFolder folder;
  StreamSpec stream;
  stream.size = {32, 32};
  stream.encoder = "mpeg4";
  const std::filesystem::path segment = folder.path() / "a.nut";
  const auto writer = av::library().segment(segment, stream);
  for (int i = 0; i < 5; ++i)
    writer->write(i, Image{{32, 32}, std::vector<std::uint8_t>(32 * 32 * 3)}, false);
  writer->finish();
  JoinSpec spec;
  spec.segments = {segment};
  spec.target = folder.path() / "a.mkv";
  spec.container = "matroska";
  EXPECT_NO_THROW(av::library().join(spec));
  std::ofstream(segment, std::ios::binary) << "";
  try {
    av::library().join(spec);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutputFailed);
  }
}

TEST_F(LongRuns, AnInterruptedRunEndsInTheSameBytes) {
  const std::string input = long_clip();
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
