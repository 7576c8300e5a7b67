// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <latch>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <journal/records.hpp>

#include <run/input_source.hpp>
#include <run/run.hpp>
#include <testing/fake_model.hpp>
#include <testing/files.hpp>
#include <testing/pictures.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::run {

/// The inputs of another source, none of which opens before all are found: so no slow scan, which a busy
/// machine may have, leaves a batch short.
class FoundFirst : public Source {
 public:
  explicit FoundFirst(std::unique_ptr<Source> source) : source_(std::move(source)) {}
  std::optional<Item> next() override {
    std::optional<Item> item = source_->next();
    if (!item) {
      all_found_->count_down();
    } else {
      item->content = std::make_shared<Waiting>(*item, all_found_);
    }
    return item;
  }

 private:
  struct Waiting : Content {
    Waiting(Item of, std::shared_ptr<std::latch> until) : item(std::move(of)), all_found(std::move(until)) {}
    std::optional<journal::InputIdentity> identity() const override { return item.identity(); }
    std::unique_ptr<codec::OpenedPicture> open(const codec::DecodeOptions& options) const override {
      all_found->wait();
      return item.open(options);
    }
    Item item;
    std::shared_ptr<std::latch> all_found;
  };

  std::unique_ptr<Source> source_;
  std::shared_ptr<std::latch> all_found_ = std::make_shared<std::latch>(1);
};

/// Runs the pipeline with a fake model on pictures below `in`, results in `out`.
class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    options_.inputs = {path("in")};
    options_.output_dir = path("out");
    options_.formats = {"npy"};
    options_.decode_threads = 2;
    model_ = std::make_shared<testing::FakeModel>();
  }

  std::filesystem::path path(const std::string& relative) const { return folder_.path() / relative; }
  void picture(const std::string& relative, std::uint32_t colour, Size size = {28, 56}) const {
    folder_.write(relative, testing::ppm(size, colour));
  }
  /// in/0.ppm ... with colour = number.
  void pictures(int count, Size size = {28, 56}) const {
    for (int i = 0; i < count; ++i)
      picture("in/" + std::to_string(i) + ".ppm", static_cast<std::uint32_t>(i), size);
  }

  Summary run(std::stop_token stop = {}) {
    events_.clear();
    notes_.clear();
    Callbacks callbacks;
    callbacks.on_image = [this](const ImageEvent& event) {
      events_.push_back(event);
      if (on_image_) on_image_(event);
    };
    callbacks.on_note = [this](const Note& note) { notes_.push_back(note); };
    callbacks.on_progress = [this](const Progress& progress) { progress_ = progress; };
    std::unique_ptr<Source> source = std::make_unique<InputSource>(options_);
    if (scan_ == Scan::kFirst) source = std::make_unique<FoundFirst>(std::move(source));
    return run::run(std::move(source), options_, {model_, &memory_, 2}, callbacks, std::move(stop));
  }

  /// Name of the error of each failed input, by file name.
  std::map<std::string, std::string> failures() const {
    std::map<std::string, std::string> result;
    for (const ImageEvent& event : events_) {
      if (event.error) {
        result[std::filesystem::path(event.path).filename().string()] = std::string(error_name(*event.error));
      }
    }
    return result;
  }

  /// Result files below the output folder, without the manifest.
  std::set<std::string> results() const {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path("out"))) {
      const std::string name = entry.path().lexically_relative(path("out")).string();
      if (entry.is_regular_file() && !name.starts_with("manifest")) files.insert(name);
    }
    return files;
  }

  /// Checks that a result is of one depth, that of its picture's colour.
  void expect_depth(const std::string& result, std::uint32_t colour, std::size_t values) const {
    const std::vector<float> depth = testing::read_npy(path("out/" + result));
    ASSERT_EQ(depth.size(), values) << result;
    for (const float value : depth) ASSERT_NEAR(value, testing::depth_of(colour), 1e-5) << result;
  }

  /// When inputs are found: while others are worked on, or before any is.
  enum class Scan { kMeanwhile, kFirst };

  testing::TemporaryFolder folder_;
  Options options_;
  Scan scan_ = Scan::kMeanwhile;
  std::shared_ptr<testing::FakeModel> model_;
  testing::FakeMemory memory_;
  std::vector<ImageEvent> events_;
  std::vector<Note> notes_;
  Progress progress_;
  std::function<void(const ImageEvent&)> on_image_;
};

}  // namespace da3::run
