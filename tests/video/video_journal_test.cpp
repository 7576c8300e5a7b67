// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <video/earlier_files.hpp>
#include <video/video_journal.hpp>

#include <da3/error.hpp>

#include <testing/temporary_folder.hpp>

// A manifest that lies in an output folder may be anybody's.
namespace da3::video {
namespace {

using nlohmann::json;

bool all_there(const json& /*line*/) {
  return true;
}

/// The error of opening a folder whose manifest has these lines; none if it opens.
std::optional<ErrorCode> error_of(const std::string& lines, const json& key) {
  const da3::testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "manifest.jsonl") << lines;
  try {
    const VideoJournal journal(folder.path(), key, /*overwrite=*/false, all_there);
    return std::nullopt;
  } catch (const Error& error) {
    return error.code();
  }
}

TEST(VideoJournal, IsRefusedWhereItsFirstLineIsNone) {
  const std::string deep(100'000, '[');
  for (const std::string& line : {deep, "{\"type\":" + deep, std::string(R"({"type":5})"), std::string("7"),
                                  std::string("{}"), std::string(R"({"type":"run"})")})
    EXPECT_EQ(error_of(line + "\n", {}), ErrorCode::kOutputExists) << line.substr(0, 20);
}

TEST(VideoJournal, TakesNothingButPlainFilesOfItsFolderForSegments) {
  // A device or a pipe would be read for ever.
  const da3::testing::TemporaryFolder folder;
  OutputPlan outputs;
  outputs.folder = folder.path();
  outputs.streams.emplace_back();
  const std::filesystem::path segments = folder.path() / ".da3-segments";
  std::filesystem::create_directory(segments);
  std::ofstream(segments / "good.nut") << "x";
  std::ofstream(folder.path() / "outside") << "x";
  std::filesystem::create_symlink("/dev/zero", segments / "zero");
  ASSERT_EQ(mkfifo((segments / "pipe").c_str(), 0600), 0);
  json line = {{"type", "checkpoint"}, {"segments", segments_json({segments / "good.nut"})}};
  EXPECT_TRUE(are_there(outputs, line));
  for (const char* const name : {"zero", "pipe", "../outside", "/dev/zero", "missing"}) {
    line["segments"][0]["file"] = name;
    EXPECT_FALSE(are_there(outputs, line)) << name;
  }
}

TEST(VideoJournal, VideosOfAnotherNameStayUnlessOverwritten) {
  const da3::testing::TemporaryFolder folder;
  OutputPlan outputs;
  outputs.folder = folder.path();
  outputs.streams.emplace_back().target = folder.path() / "y.vis.mp4";
  const std::vector<json> earlier{{{"type", "video"}, {"path", "in/x.mp4"}, {"encoder", {{"vis", "x264"}}}},
                                  {{"type", "video"}, {"path", "in/y.mp4"}, {"encoder", {{"vis", "x264"}}}}};
  std::ofstream(folder.path() / "y.vis.mp4") << "its own";
  EXPECT_NO_THROW(require_videos_stay(outputs, earlier));
  std::ofstream(folder.path() / "x.vis.mp4") << "of a copy";
  try {
    require_videos_stay(outputs, earlier);
    FAIL() << "x.vis.mp4 would be removed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_NE(std::string(error.what()).find("x.vis.mp4"), std::string::npos);
  }
}

TEST(VideoJournal, NeverReachesThroughLinks) {
  for (const char* const name : {"manifest.jsonl", "frames", ".da3-segments"}) {
    const da3::testing::TemporaryFolder folder;
    const da3::testing::TemporaryFolder elsewhere;
    // With a header: a folder of a video.
    if (name != std::string("manifest.jsonl"))
      std::ofstream(folder.path() / "manifest.jsonl") << R"({"type":"video","key":{}})" << '\n';
    std::filesystem::create_symlink(elsewhere.path() / "there", folder.path() / name);
    for (const bool overwrite : {false, true}) {
      try {
        const VideoJournal journal(folder.path(), json::object(), overwrite, all_there);
        ADD_FAILURE() << name << " was followed";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kOutputExists) << name;
      }
    }
    EXPECT_TRUE(std::filesystem::is_empty(elsewhere.path())) << name;
  }
}

TEST(VideoJournal, OfAnotherKeyIsRefusedWhateverTheKeyIs) {
  for (const char* const key : {"7", "null", "\"model\"", R"({"model":"other"})"}) {
    const std::string line = std::string(R"({"type":"video","key":)") + key + "}\n";
    const std::string failed = R"({"type":"frame","status":"failed"})"
                               "\n";
    const std::string done = R"({"type":"frame","status":"done"})"
                             "\n";
    EXPECT_EQ(error_of(line + done, {{"model", "mine"}}), ErrorCode::kUsage) << key;
    EXPECT_EQ(error_of(line + failed, {{"model", "mine"}}), std::nullopt) << "there is nothing to keep";
  }
  EXPECT_EQ(error_of(R"({"type":"video","key":{"model":"mine"}})"
                     "\n",
                     {{"model", "mine"}}),
            std::nullopt);
}

TEST(VideoJournal, LinesThatAreNoneAreLeftOut) {
  const da3::testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "manifest.jsonl")
      << R"({"type":"video","key":{}})"
      << "\n"
      << R"({"type":"checkpoint","taken":4})"
      << "\n{\"type\":\"checkpoint\",\"taken\":" << std::string(100'000, '[') << "\n";
  const VideoJournal journal(folder.path(), json::object(), /*overwrite=*/false, all_there);
  EXPECT_EQ(journal.checkpoint().at("taken"), 4);
}

constexpr const char* kLines = R"({"type":"video","key":{}})"
                               "\n"
                               R"({"type":"frame","frame":0})"
                               "\n"
                               R"({"type":"checkpoint","taken":1})"
                               "\n"
                               R"({"type":"frame","frame":1})"
                               "\n"
                               R"({"type":"checkpoint","taken":2})"
                               "\n"
                               R"({"type":"end","frames":2})"
                               "\n";

TEST(VideoJournal, CountsUpToTheLastCheckpointBeforeAFileThatIsGone) {
  const auto opened_without = [](const json& gone) {
    const da3::testing::TemporaryFolder folder;
    std::ofstream(folder.path() / "manifest.jsonl") << kLines;
    const VideoJournal journal(folder.path(), json::object(), /*overwrite=*/false,
                               [&](const json& line) { return line != gone; });
    return std::tuple(journal.checkpoint().is_null() ? 0 : journal.checkpoint().at("taken").get<int>(),
                      !journal.end().is_null());
  };
  EXPECT_EQ(opened_without(nullptr), std::tuple(2, true));
  EXPECT_EQ(opened_without({{"type", "end"}, {"frames", 2}}), std::tuple(2, false));
  EXPECT_EQ(opened_without({{"type", "frame"}, {"frame", 1}}), std::tuple(1, false));
  EXPECT_EQ(opened_without({{"type", "frame"}, {"frame", 0}}), std::tuple(0, false));
  EXPECT_EQ(opened_without({{"type", "checkpoint"}, {"taken", 1}}), std::tuple(0, true))
      << "segments go once all is joined";
}

TEST(VideoJournal, KeepsWhatWasThereUntilItsFirstLine) {
  const da3::testing::TemporaryFolder folder;
  const auto text = [&] {
    std::ifstream file(folder.path() / "out/manifest.jsonl");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  {
    const VideoJournal never_begun(folder.path() / "out", json::object(), false, all_there);
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "out"));
  std::filesystem::create_directory(folder.path() / "out");
  std::ofstream(folder.path() / "out/manifest.jsonl") << kLines;
  {
    const VideoJournal refused(folder.path() / "out", json::object(), /*overwrite=*/true, all_there);
  }
  EXPECT_EQ(text(), kLines);
  {
    VideoJournal journal(folder.path() / "out", json::object(), /*overwrite=*/true, all_there);
    journal.append({{"type", "video"}});
    EXPECT_EQ(text(), "{\"type\":\"video\"}\n");
    journal.append({{"type", "frame"}});
  }
  EXPECT_FALSE(text().empty());
}

TEST(VideoJournal, BeginsWhereAnEarlierOneLeftEmptyFolders) {
  const auto may_begin = [](const std::string& name, bool is_empty) {
    const da3::testing::TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / name);
    if (!is_empty) std::ofstream(folder.path() / name / "file") << "x";
    try {
      const VideoJournal journal(folder.path(), json::object(), false, all_there);
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kOutputExists);
      return false;
    }
  };
  EXPECT_TRUE(may_begin("frames", true));
  EXPECT_TRUE(may_begin(".da3-segments", true));
  EXPECT_FALSE(may_begin("frames", false));
  EXPECT_FALSE(may_begin("others", true));
}

// A disk that is full after a frame's first file.
TEST(VideoJournal, StaysWithFilesThatHaveNoRecord) {
  for (const char* within : {"frames", ".da3-segments"}) {
    const da3::testing::TemporaryFolder folder;
    const std::filesystem::path out = folder.path() / "out";
    {
      VideoJournal journal(out, json::object(), false, all_there);
      journal.append({{"type", "video"}});
      std::filesystem::create_directory(out / within);
      std::ofstream(out / within / "000000.npy") << "x";
    }
    for (int run = 0; run < 2; ++run) {
      const VideoJournal journal(out, {{"other", "key"}}, false, all_there);
      EXPECT_EQ(journal.earlier().size(), 1U) << within;
    }
  }
}

TEST(VideoJournal, GoesAwayWithoutAFrame) {
  const da3::testing::TemporaryFolder folder;
  const std::filesystem::path out = folder.path() / "out";
  {
    VideoJournal journal(out, json::object(), false, all_there);
    journal.append({{"type", "video"}});
  }
  EXPECT_FALSE(std::filesystem::exists(out));
  std::filesystem::create_directory(out);
  std::ofstream(out / "manifest.jsonl") << "{\"type\":\"video\"}\n";  // Of a run that was killed then
  {
    const VideoJournal journal(out, json::object(), false, all_there);
  }
  EXPECT_FALSE(std::filesystem::exists(out));

  // With the folders that it made, but no others.
  for (const char* within : {"frames", ".da3-segments"}) {
    {
      const VideoJournal journal(out, json::object(), false, all_there);
      std::filesystem::create_directory(out / within);
    }
    EXPECT_FALSE(std::filesystem::exists(out)) << within;
  }
  std::filesystem::create_directory(folder.path() / "mine");
  for (const char* end : {"new/deep/out", "new/deep/out/"}) {
    {
      const VideoJournal journal(folder.path() / "mine" / end, json::object(), false, all_there);
      EXPECT_TRUE(std::filesystem::exists(folder.path() / "mine" / end));
    }
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "mine"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "mine/new"));
  }
}

}  // namespace
}  // namespace da3::video
