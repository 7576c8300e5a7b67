// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/program.hpp>

namespace da3::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;
using ::testing::HasSubstr;

constexpr int kPictures = 12;

unsigned seed() {
  const char* text = std::getenv("DA3_TEST_SEED");
  return text == nullptr ? std::random_device()() : static_cast<unsigned>(std::atoll(text));
}

/// Twelve pictures of two shapes through a small network, stopped at random moments.
class StoppedRun : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(place_.run({"model", "export", DA3_TEST_DATA_DIR "/golden/tiny", "-o", "tiny.pt"}).code, 0);
    fs::create_directories(place_ / "in/inner");
    for (int i = 0; i < kPictures; ++i) {
      const std::string name = (i % 4 == 0 ? "in/inner/" : "in/") + std::to_string(i) + ".ppm";
      write_picture(place_ / name, i % 2 == 0 ? 80 : 60, i % 2 == 0 ? 60 : 80, i);
    }
    const auto start = std::chrono::steady_clock::now();
    const Ended whole = infer("whole", {});
    ASSERT_EQ(whole.code, 0) << whole.err;
    whole_time_ = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start);
    whole_files_ = every_file_below("whole");
    ASSERT_EQ(whole_files_.size(), 3U * kPictures + 1);  // And the manifest
  }

  Ended infer(const std::string& output, const Circumstances& circumstances) const {
    return place_.run({"infer", "in", "-r", "-m", "tiny.pt", "--device", "cpu", "--process-res", "70",
                       "--batch", "1", "-f", "png16,npz,vis", "-o", output, "--json"},
                      circumstances);
  }

  /// Names of all files, hidden ones too.
  std::vector<std::string> every_file_below(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(place_ / folder)) {
      if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), place_ / folder).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// Circumstances in which `signal` comes at a random moment: between the start and a little after the end
  /// of a whole run, or, every other time, just after one of the first records.
  Circumstances random_moment(int signal, std::mt19937& random) const {
    Circumstances circumstances;
    if (random() % 2 == 0) {
      circumstances.signal = signal;
      circumstances.signal_after =
          microseconds(random() % static_cast<unsigned>(whole_time_.count() * 9 / 8));
      return circumstances;
    }
    circumstances.on_output = [signal, wait = microseconds(random() % 30'000)](int process,
                                                                               std::string_view arrived) {
      if (arrived.find("\"done\"") == std::string_view::npos) return;
      std::this_thread::sleep_for(wait);
      ::kill(process, signal);
    };
    return circumstances;
  }

  /// Stops runs by `signal` until `times` of them were stopped (in a fresh folder whenever one ended by
  /// itself), then lets one go to its end, and compares.
  void stop_and_go_on(int signal, int times) {
    const unsigned chosen = seed();
    SCOPED_TRACE("DA3_TEST_SEED=" + std::to_string(chosen));
    std::mt19937 random(chosen);
    int folders = 0;
    for (int stopped = 0; stopped < times;) {
      const std::string output = "cut" + std::to_string(folders);
      const Ended ended = infer(output, random_moment(signal, random));
      ASSERT_TRUE(ended.code == 0 || ended.code == 128 + signal) << ended.code << "\n" << ended.err;
      stopped += ended.code == 128 + signal ? 1 : 0;
      if (ended.code == 0 || stopped == times) {
        finish_and_compare(output);
        ++folders;
      }
    }
    RecordProperty("folders", folders);
  }

  void finish_and_compare(const std::string& output) {
    const Ended rest = infer(output, {});
    ASSERT_EQ(rest.code, 0) << rest.err;
    EXPECT_EQ(every_file_below(output), whole_files_);
    for (const std::string& file : whole_files_) {
      if (file == "manifest.jsonl") continue;
      EXPECT_EQ(read_file(place_ / output / file), read_file(place_ / "whole" / file)) << file;
    }
    std::map<std::string, std::string> status;
    std::istringstream lines(read_file(place_ / output / "manifest.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const nlohmann::json record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (record.is_discarded() || record.at("type") != "image") continue;
      status[record.at("path")] = record.at("status");
    }
    EXPECT_EQ(status.size(), std::size_t{kPictures});
    for (const auto& [path, last] : status) EXPECT_NE(last, "failed") << path;
  }

  Workplace place_;
  microseconds whole_time_{};
  std::vector<std::string> whole_files_;
};

TEST_F(StoppedRun, KilledAtRandomMomentsEndsWithTheFilesOfAnUndisturbedOne) {
  stop_and_go_on(SIGKILL, 10);
}

TEST_F(StoppedRun, InterruptedAtRandomMomentsEndsWithTheFilesOfAnUndisturbedOne) {
  stop_and_go_on(SIGINT, 4);
}

TEST_F(StoppedRun, TerminatedAtRandomMomentsEndsWithTheFilesOfAnUndisturbedOne) {
  stop_and_go_on(SIGTERM, 3);
}

}  // namespace
}  // namespace da3::testing
