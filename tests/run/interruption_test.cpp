// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <condition_variable>
#include <istream>
#include <memory>
#include <mutex>
#include <streambuf>
#include <string>
#include <thread>
#include <utility>

#include <run/run_fixture.hpp>

namespace da3::run {
namespace {

using Interruption = RunTest;

TEST_F(Interruption, AtAnyPointThenTheSameCommandGivesTheSameFiles) {
  // More than the last point and the 12 inputs that may be under way then, all of which may be done.
  constexpr std::size_t kPictures = 60;
  pictures(kPictures);
  options_.batch = 3;
  for (const DeviceKind kind : {DeviceKind::kCpu, DeviceKind::kCuda}) {
    model_->device_.kind = kind;
    for (const std::size_t point : {1, 2, 7, 19, 33}) {
      std::filesystem::remove_all(path("out"));
      std::stop_source stop;
      on_image_ = [&](const ImageEvent&) {
        if (events_.size() == point) stop.request_stop();
      };
      const Summary cut = run(stop.get_token());
      EXPECT_TRUE(cut.interrupted);
      EXPECT_GE(cut.done, point);
      EXPECT_LT(cut.done, kPictures) << "nothing new begins once stopped";
      EXPECT_EQ(results().size(), cut.done) << "what was written is recorded, and nothing else is there";
      on_image_ = nullptr;
      const Summary rest = run();
      EXPECT_EQ(rest.skipped, cut.done);
      EXPECT_EQ(rest.done, kPictures - cut.done);
      for (std::size_t i = 0; i < kPictures; ++i) {
        expect_depth(std::to_string(i) + ".npy", static_cast<std::uint32_t>(i), 28 * 56);
      }
    }
  }
}

TEST_F(Interruption, BeforeTheStartDoesNothing) {
  pictures(3);
  std::stop_source stop;
  stop.request_stop();
  const Summary summary = run(stop.get_token());
  EXPECT_TRUE(summary.interrupted);
  EXPECT_EQ(model_->calls(), 0);
}

TEST_F(Interruption, DuringAForwardFinishesIt) {
  pictures(20);
  options_.batch = 2;
  std::stop_source stop;
  model_->on_predict_ = [&](const predict::Request&) {
    if (model_->calls() == 2) stop.request_stop();
  };
  const Summary summary = run(stop.get_token());
  EXPECT_TRUE(summary.interrupted);
  EXPECT_EQ(model_->calls(), 2);
  EXPECT_EQ(summary.done, 4U) << "the pictures of both forwards";
}

/// A list that never ends and never goes on, until it is told to.
class StuckList : public std::streambuf {
 public:
  explicit StuckList(std::string first) : text_(std::move(first)) {
    setg(text_.data(), text_.data(), text_.data() + text_.size());
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

 protected:
  int_type underflow() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return released_; });
    return traits_type::eof();
  }

 private:
  std::string text_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
};

class StuckStream : public std::istream {
 public:
  explicit StuckStream(std::string first) : std::istream(nullptr), list_(std::move(first)) { rdbuf(&list_); }
  void release() { list_.release(); }

 private:
  StuckList list_;
};

TEST_F(Interruption, AListThatHangsNeitherHoldsUpPicturesNorTheEnd) {
  pictures(2);
  auto list =
      std::make_shared<StuckStream>(path("in/0.ppm").string() + "\n" + path("in/1.ppm").string() + "\n");
  options_.inputs = {"-"};
  options_.list = list;
  std::stop_source stop;
  on_image_ = [&](const ImageEvent&) {
    if (events_.size() == 2) stop.request_stop();
  };
  const Summary summary = run(stop.get_token());
  EXPECT_TRUE(summary.interrupted) << "more might have come";
  EXPECT_EQ(summary.done, 2U);

  const std::weak_ptr<StuckStream> left_behind = list;
  options_.list.reset();
  list.reset();
  list = left_behind.lock();
  ASSERT_TRUE(list) << "the thread that hangs in it lost it";
  list->release();
  list.reset();
  while (!left_behind.expired()) std::this_thread::yield();  // Until that thread has ended
}

}  // namespace
}  // namespace da3::run
