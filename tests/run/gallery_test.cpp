// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <journal/records.hpp>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <core/file_descriptor.hpp>
#include <run/gallery.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::run {
namespace {

namespace fs = std::filesystem;

class Gallery : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;

  /// The line of an input whose picture is there.
  std::string line(const std::string& path, const std::string& picture, double farthest) {
    journal::ImageRecord record;
    record.path = path;
    record.input = Size{30, 40};
    record.identity = journal::InputIdentity{1, 2};
    if (!picture.empty()) {
      record.outputs = {{formats::Format::kHtml, picture}};
      folder_.write(picture, "picture");
    }
    record.depth_unit = "m";
    record.depth = formats::DepthSummary{formats::DepthStatistics{1, 1, 2, 3, farthest}, 1};
    return journal::to_json(record) + "\n";
  }

  nlohmann::json photos() {
    std::ifstream file(folder_.path() / "index.html");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string begin = R"(<script type="application/json" id="gallery-data">)";
    const std::size_t at = page.find(begin) + begin.size();
    return nlohmann::json::parse(page.substr(at, page.find("</script>", at) - at));
  }
};

TEST_F(Gallery, ShowsTheLastRecordOfEachInput) {
  folder_.write("manifest.jsonl", journal::to_json(journal::RunRecord{}) + "\n" +
                                      line("in/b.jpg", "b.view.jpg", 4) +
                                      line("in/x/a #1.png", "x/a #1.view.jpg", 5) +
                                      line("in/none.jpg", "", 6) + journal::to_json(journal::RunRecord{}) +
                                      "\n" + line("in/b.jpg", "b.view.jpg", 7) + "{\"type\":\"image\", torn");
  folder_.write("manifest.2-of-2.jsonl", line("in/c.jpg", "c.view.jpg", 8));
  write_gallery(folder_.path());
  const nlohmann::json shown = photos();
  ASSERT_EQ(shown.size(), 3U);
  std::map<std::string, nlohmann::json> by_name;
  for (const nlohmann::json& photo : shown) by_name[photo.at("name")] = photo;
  EXPECT_EQ(by_name.at("b.jpg").at("far"), 7);
  EXPECT_EQ(by_name.at("b.jpg").at("width"), 40);
  EXPECT_EQ(by_name.at("x/a #1.png").at("picture"), "./x/a%20%231.view.jpg");
  EXPECT_EQ(by_name.at("c.jpg").at("unit"), "m");

  fs::remove(folder_.path() / "b.view.jpg");
  write_gallery(folder_.path());
  EXPECT_EQ(photos().size(), 2U);
}

TEST_F(Gallery, ShowsOfSeveralManifestsTheOneThatWasWrittenLast) {
  const std::string header = journal::to_json(journal::RunRecord{}) + "\n";
  folder_.write("manifest.jsonl",
                header + line("in/a.jpg", "a.view.jpg", 4) + line("in/b.jpg", "b.view.jpg", 5));
  folder_.write("manifest.1-of-2.jsonl", header + line("in/a.jpg", "a.view.jpg", 7));
  const Error cut(ErrorCode::kImageTruncated, "cut short");
  folder_.write("manifest.2-of-2.jsonl",
                header + journal::to_json(journal::failed_record("in/b.jpg", cut)) + "\n");
  const auto now = fs::last_write_time(folder_.path() / "manifest.2-of-2.jsonl");
  const auto shown_when_whole_was_written = [&](fs::file_time_type time) {
    fs::last_write_time(folder_.path() / "manifest.jsonl", time);
    write_gallery(folder_.path());
    return photos();
  };

  const nlohmann::json before = shown_when_whole_was_written(now - std::chrono::hours(1));
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].at("far"), 7);
  const nlohmann::json after = shown_when_whole_was_written(now + std::chrono::hours(1));
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].at("far"), 4);
  EXPECT_EQ(after[1].at("far"), 5);
}

TEST_F(Gallery, ShowsTheRecordOfTheRunThatBeganLast) {
  journal::RunRecord run;
  run.began_ms = 2000;
  const std::string later = journal::to_json(run) + "\n";
  run.began_ms = 1000;
  const std::string sooner = journal::to_json(run) + "\n";
  folder_.write("manifest.1-of-2.jsonl",
                later + line("in/a.jpg", "a.view.jpg", 7) + line("in/b.jpg", "b.view.jpg", 8));
  folder_.write("manifest.jsonl",
                sooner + line("in/a.jpg", "a.view.jpg", 4) + line("./in/b.jpg", "b.view.jpg", 5));
  write_gallery(folder_.path());
  const nlohmann::json shown = photos();
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0].at("far"), 7);
  EXPECT_EQ(shown[1].at("far"), 8);
}

TEST_F(Gallery, ShowsAnInputOnceWhateverTheTextOfItsPath) {
  folder_.write("manifest.jsonl",
                journal::to_json(journal::RunRecord{}) + "\n" + line("in/a.jpg", "a.view.jpg", 4) +
                    line("./in/a.jpg", "a.view.jpg", 7) + line("in/b.jpg", "b.view.jpg", 5) +
                    line("/photos/in/b.jpg", "b.view.jpg", 6) + line("in/b.jpg", "b.view.jpg", 8));
  write_gallery(folder_.path());
  const nlohmann::json shown = photos();
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0].at("far"), 7);
  EXPECT_EQ(shown[1].at("far"), 8);
}

TEST_F(Gallery, IsTheSameBytesInWhateverOrderPhotosWereDone) {
  const std::string header = journal::to_json(journal::RunRecord{}) + "\n";
  const std::string two = line("in/b2.jpg", "b2.view.jpg", 4);
  const std::string ten = line("in/b10.jpg", "b10.view.jpg", 5);
  const std::string inner = line("in/a/z.jpg", "a/z.view.jpg", 6);
  const auto page = [&](const std::string& records) {
    folder_.write("manifest.jsonl", header + records);
    write_gallery(folder_.path());
    std::ifstream file(folder_.path() / "index.html", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string first = page(ten + inner + two);
  EXPECT_TRUE(first == page(two + ten + inner));
  const nlohmann::json shown = photos();
  ASSERT_EQ(shown.size(), 3U);
  EXPECT_EQ(shown[0].at("name"), "a/z.jpg");
  EXPECT_EQ(shown[1].at("name"), "b2.jpg");
  EXPECT_EQ(shown[2].at("name"), "b10.jpg");
}

TEST_F(Gallery, IsReadForAndWrittenByOneProcessAtATime) {
  const std::string header = journal::to_json(journal::RunRecord{}) + "\n";
  folder_.write("manifest.1-of-2.jsonl", header + line("in/a.jpg", "a.view.jpg", 4));
  const fs::path lock = folder_.path() / ".da3-gallery.tmp";
  core::FileDescriptor held(open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(core::try_lock(held), core::Lock::kTaken);
  const std::future<void> written = std::async(std::launch::async, [&] { write_gallery(folder_.path()); });
  ASSERT_EQ(written.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  folder_.write("manifest.2-of-2.jsonl", header + line("in/b.jpg", "b.view.jpg", 5));
  // As the other process does: what waits has the lock of a file without a name then.
  fs::remove(lock);
  held.reset();
  written.wait();
  EXPECT_EQ(photos().size(), 2U);
  EXPECT_FALSE(fs::exists(lock));
}

TEST_F(Gallery, IsWrittenAllTheSameWhereAnotherProcessStandsStill) {
  folder_.write("manifest.jsonl",
                journal::to_json(journal::RunRecord{}) + "\n" + line("in/a.jpg", "a.view.jpg", 4));
  const fs::path lock = folder_.path() / ".da3-gallery.tmp";
  core::FileDescriptor held(open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(core::try_lock(held), core::Lock::kTaken);
  write_gallery(folder_.path(), std::chrono::milliseconds(50));
  EXPECT_EQ(photos().size(), 1U);
  fs::remove(folder_.path() / "a.view.jpg");
  renew_gallery(folder_.path(), std::chrono::milliseconds(50));
  EXPECT_FALSE(fs::exists(folder_.path() / "index.html"));
  EXPECT_TRUE(fs::exists(lock)) << "it is the other's";
}

TEST_F(Gallery, OfEarlierRunsGoesWithItsLastPicture) {
  folder_.write("manifest.jsonl", journal::to_json(journal::RunRecord{}) + "\n" +
                                      line("in/a.jpg", "a.view.jpg", 4) + line("in/b.jpg", "b.view.jpg", 5));
  renew_gallery(folder_.path());
  EXPECT_FALSE(fs::exists(folder_.path() / "index.html")) << "none was there";
  write_gallery(folder_.path());
  fs::remove(folder_.path() / "b.view.jpg");
  renew_gallery(folder_.path());
  ASSERT_EQ(photos().size(), 1U);
  EXPECT_EQ(photos()[0].at("name"), "a.jpg");
  fs::remove(folder_.path() / "a.view.jpg");
  renew_gallery(folder_.path());
  EXPECT_FALSE(fs::exists(folder_.path() / "index.html"));
}

TEST_F(Gallery, LeavesAPageOfSomebodyElseWhereNoneIsAskedFor) {
  folder_.write("manifest.jsonl",
                journal::to_json(journal::RunRecord{}) + "\n" + line("in/a.jpg", "a.view.jpg", 4));
  const std::string page = "<!DOCTYPE html><title>My holidays</title>";
  folder_.write("index.html", page);
  EXPECT_NO_THROW(renew_gallery(folder_.path()));
  EXPECT_EQ(fs::file_size(folder_.path() / "index.html"), page.size());
}

TEST_F(Gallery, NeverReplacesAPageOfSomebodyElse) {
  folder_.write("index.html", "<!DOCTYPE html><title>My holidays</title>");
  EXPECT_THROW(require_own_gallery(folder_.path()), Error);
  EXPECT_THROW(write_gallery(folder_.path()), Error);
  fs::remove(folder_.path() / "index.html");
  EXPECT_NO_THROW(require_own_gallery(folder_.path()));
  write_gallery(folder_.path());
  EXPECT_NO_THROW(write_gallery(folder_.path()));
}

}  // namespace
}  // namespace da3::run
