// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <video/video_journal.hpp>

#include <da3/error.hpp>

#include <testing/temporary_folder.hpp>

// A manifest that lies in an output folder may be anybody's.
namespace da3::video {
namespace {

using nlohmann::json;

/// The error of opening a folder whose manifest has these lines; none if it opens.
std::optional<ErrorCode> error_of(const std::string& lines, const json& key) {
  const da3::testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "manifest.jsonl") << lines;
  try {
    const VideoJournal journal(folder.path(), key, /*overwrite=*/false);
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

TEST(VideoJournal, OfAnotherKeyIsRefusedWhateverTheKeyIs) {
  for (const char* const key : {"7", "null", "\"model\"", R"({"model":"other"})"}) {
    const std::string line = std::string(R"({"type":"video","key":)") + key + "}\n";
    EXPECT_EQ(error_of(line, {{"model", "mine"}}), ErrorCode::kUsage) << key;
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
  const VideoJournal journal(folder.path(), json::object(), /*overwrite=*/false);
  EXPECT_EQ(journal.checkpoint().at("taken"), 4);
}

}  // namespace
}  // namespace da3::video
