// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include <gtest/gtest.h>

#include <run/run_fixture.hpp>
#ifdef __linux__
#include <sys/inotify.h>
#include <unistd.h>

#include <core/file_descriptor.hpp>
#endif

namespace da3::run {
namespace {

/// A picture in memory that counts what it is asked.
class InMemory : public Content {
 public:
  explicit InMemory(std::string file) : file_(std::move(file)) {}
  std::optional<journal::InputIdentity> identity() const override {
    ++identities_;
    return journal::InputIdentity{file_.size(), 1};
  }
  std::unique_ptr<codec::OpenedPicture> open(const codec::DecodeOptions& options) const override {
    ++opens_;
    return std::make_unique<codec::OpenedPicture>(
        std::span(reinterpret_cast<const std::uint8_t*>(file_.data()), file_.size()), "in memory", options);
  }

  std::string file_;
  mutable std::atomic<int> identities_ = 0;
  mutable std::atomic<int> opens_ = 0;
};

struct Given : Source {
  explicit Given(std::vector<Item> items) : items_(std::move(items)) {}
  std::optional<Item> next() override {
    if (next_ == items_.size()) return std::nullopt;
    return items_[next_++];
  }
  std::vector<Item> items_;
  std::size_t next_ = 0;
};

/// What a run gives, in memory.
struct Kept {
  std::mutex mutex;
  std::map<std::string, std::vector<std::uint8_t>> results;
  std::vector<std::string> records;
  bool closed = false;
};

class MemorySink : public Sink {
 public:
  explicit MemorySink(Kept& kept) : kept_(kept) {}
  std::optional<journal::ImageRecord> finished(const Item& item,
                                               const journal::InputIdentity&) const override {
    if (item.stem() != "finished") return std::nullopt;
    journal::ImageRecord record;
    record.path = item.path;
    record.status = ImageStatus::kSkipped;
    return record;
  }
  void require_place(const Item& item, const std::optional<journal::InputIdentity>&,
                     const std::vector<formats::Format>&) const override {
    if (item.stem() == "taken") throw Error(ErrorCode::kOutputCollision, item.path + ": is taken");
  }
  Outputs write(const Item& item, const std::optional<journal::InputIdentity>&,
                const std::vector<formats::Format>& formats, const Encode& encode) override {
    Outputs outputs;
    for (const formats::Format format : formats) {
      const std::string name = item.stem() + std::string(formats::suffix(format));
      std::vector<std::uint8_t> bytes = encode(format);
      const std::lock_guard lock(kept_.mutex);
      kept_.results[name] = std::move(bytes);
      outputs.emplace_back(format, name);
    }
    return outputs;
  }
  void record(const journal::ImageRecord&, std::string_view json) override {
    kept_.records.emplace_back(json);
  }
  void close() override { kept_.closed = true; }

 private:
  Kept& kept_;
};

class SourceAndSink : public RunTest {
 protected:
  Item item(const std::string& name, const std::shared_ptr<const Content>& content) const {
    Item item;
    item.path = name;
    item.content = content;
    return item;
  }
  Summary run_into(Kept& kept, std::vector<Item> items) {
    Callbacks callbacks;
    callbacks.on_image = [this](const ImageEvent& event) { events_.push_back(event); };
    return run::run(
        std::make_unique<Given>(std::move(items)),
        [&](const journal::RunRecord&, const std::vector<formats::Format>&) {
          return std::make_unique<MemorySink>(kept);
        },
        options_, {model_, &memory_, 2}, callbacks);
  }
};

TEST_F(SourceAndSink, PicturesOfMemoryGiveTheSameBytesAsFilesWithoutAnyFolder) {
  options_.formats = {"npy", "png16", "vis"};
  pictures(3);
  std::vector<Item> items;
  std::vector<std::shared_ptr<const InMemory>> contents;
  for (std::uint32_t i = 0; i < 3; ++i) {
    contents.push_back(std::make_shared<InMemory>(testing::ppm({28, 56}, i)));
    items.push_back(item(std::to_string(i) + ".ppm", contents.back()));
  }
  Kept kept;
  EXPECT_EQ(run_into(kept, items).done, 3U);
  EXPECT_FALSE(std::filesystem::exists(path("out")));
  EXPECT_TRUE(kept.closed);
  run();
  ASSERT_EQ(results().size(), 9U);
  ASSERT_EQ(kept.results.size(), 9U);
  for (const auto& [name, bytes] : kept.results) {
    EXPECT_EQ(testing::bytes_of(testing::read_file(path("out/" + name))), bytes) << name;
  }
  for (const auto& content : contents) {
    EXPECT_EQ(content->opens_, 1);
    EXPECT_EQ(content->identities_, 1);
  }
}

TEST_F(SourceAndSink, AStemWhoseDepthHadTheNameOfAnotherOnesPictureKeepsItsExtension) {
  EXPECT_EQ(item("a.jpg", nullptr).stem(), "a");
  EXPECT_EQ(item("a.b.jpg", nullptr).stem(), "a.b");
  EXPECT_EQ(item("sub/a.vis.jpg", nullptr).stem(), "sub/a.vis.jpg");
  EXPECT_EQ(item("a.half.tiff", nullptr).stem(), "a.half.tiff");
}

TEST_F(SourceAndSink, TheSinkGetsTheLineThatCallbacksGet) {
  Kept kept;
  run_into(kept, {item("a.ppm", std::make_shared<InMemory>(testing::ppm({28, 56}, 1))),
                  item("b.ppm", std::make_shared<InMemory>("no picture"))});
  std::vector<std::string> told;
  for (const ImageEvent& event : events_) told.push_back(event.json);
  EXPECT_EQ(kept.records.size(), 2U);
  EXPECT_EQ(kept.records, told);
}

TEST_F(SourceAndSink, WhatIsFinishedOrHasNoPlaceIsNotOpened) {
  const auto finished = std::make_shared<InMemory>(testing::ppm({28, 56}, 1));
  const auto taken = std::make_shared<InMemory>(testing::ppm({28, 56}, 1));
  Kept kept;
  const Summary summary = run_into(kept, {item("finished.ppm", finished), item("taken.ppm", taken)});
  EXPECT_EQ(summary.skipped, 1U);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(failures(), (std::map<std::string, std::string>{{"taken.ppm", "output.collision"}}));
  EXPECT_EQ(finished->opens_, 0);
  EXPECT_EQ(taken->opens_, 0);
}

#ifdef __linux__
TEST_F(SourceAndSink, AFileIsOpenedOnce) {
  // Above and below what a header is looked for in; a TIFF file may have its directory at its end.
  picture("in/small.ppm", 1, {28, 56});
  picture("in/large.ppm", 2, {300, 300});
  folder_.write("in/large.webp", testing::webp_of_one_colour({600, 600}) + std::string(200'000, '\0'));
  folder_.write("in/broken.png", "\x89PNG\r\n\x1a\n" + std::string(200'000, '\0'));
  options_.formats = {"npy", "side"};
  const core::FileDescriptor notify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  ASSERT_TRUE(notify);
  ASSERT_GE(inotify_add_watch(notify.get(), path("in").c_str(), IN_OPEN), 0);
  const Summary summary = run();
  EXPECT_EQ(summary.done + summary.failed, 4U);
  EXPECT_GE(summary.done, 2U);
  std::map<std::string, int> opens;
  alignas(inotify_event) char buffer[16'384];
  for (ssize_t length = 0; (length = read(notify.get(), buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < length;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(buffer + at);
      if ((event->mask & IN_ISDIR) == 0 && event->len > 0) ++opens[event->name];
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  EXPECT_EQ(opens, (std::map<std::string, int>{
                       {"small.ppm", 1}, {"large.ppm", 1}, {"large.webp", 1}, {"broken.png", 1}}));
}
#endif

}  // namespace
}  // namespace da3::run
