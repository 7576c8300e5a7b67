// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/program.hpp>
#include <testing/pictures.hpp>
#include <testing/process_status.hpp>

namespace da3::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr int kPictures = 16;

/// Runs with so little address space (`ulimit -v`) that a forward of sixteen pictures does not fit.
class LittleMemory : public ::testing::Test {
 protected:
  void SetUp() override {
#if !defined(__linux__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "Linux, which keeps to RLIMIT_AS, and a build without AddressSanitizer, which needs all "
                    "addresses, are needed";
#endif
    ASSERT_EQ(place_.run({"model", "export", DA3_TEST_DATA_DIR "/golden/tiny", "-o", "tiny.pt"}).code, 0);
    fs::create_directories(place_ / "in");
    for (int i = 0; i < kPictures; ++i) {
      write_picture(place_ / "in" / (std::to_string(i) + ".ppm"), 168, 126, i);
    }
  }

  Ended infer(const std::string& output, int batch, const Circumstances& circumstances) const {
    return place_.run({"infer", "in", "-m", "tiny.pt", "--device", "cpu", "--process-res", "336", "--batch",
                       std::to_string(batch), "--size", "model", "-f", "npy", "-o", output, "--json"},
                      circumstances);
  }

  /// The address space that a run with this batch takes.
  std::uint64_t needed(const std::string& output, int batch) const {
    std::uint64_t peak = 0;
    // A limit that never binds: what is measured is a run that knows of one.
    const Ended ended = infer(
        output, batch,
        {.on_output = [&](int process,
                          std::string_view) { peak = std::max(peak, status_kib(process, "VmPeak") * 1024); },
         .address_space_bytes = std::uint64_t{1} << 40});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("\"batch\":" + std::to_string(batch)));
    return peak;
  }

  void expect_same_depth(const std::string& output, const std::string& name) const {
    const std::vector<float> expected = read_npy(place_ / "alone" / (name + ".npy"));
    const std::vector<float> found = read_npy(place_ / output / (name + ".npy"));
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_NEAR(found[i], expected[i], 1e-5 * std::abs(expected[i])) << name << " of " << output;
    }
  }

  Workplace place_;
};

TEST_F(LittleMemory, HalvesTheBatchOrFailsThePictureAndNeverCrashes) {
  const std::uint64_t alone = needed("alone", 1);
  const std::uint64_t together = needed("together", kPictures);
  ASSERT_GT(together, alone);
  constexpr int kSteps = 4;
  int halved = 0;
  int all_done = 0;
  // From a little less than one picture needs to a little less than sixteen need.
  for (int step = 0; step < kSteps; ++step) {
    const std::string output = "limit" + std::to_string(step);
    const std::uint64_t limit =
        alone - (std::uint64_t{16} << 20) + (together - alone) * static_cast<unsigned>(step) / kSteps;
    const Ended ended = infer(output, kPictures, {.address_space_bytes = limit});
    SCOPED_TRACE(std::to_string(limit >> 20) + " MiB, of " + std::to_string(alone >> 20) + " for one and " +
                 std::to_string(together >> 20) + " for all: " + ended.err);
    ASSERT_THAT(ended.code, AnyOf(0, 1));
    if (ended.err.find("memory ran out with 16 images") != std::string::npos) ++halved;
    if (ended.code == 0) ++all_done;
    std::istringstream lines(ended.out);
    int records = 0;
    for (std::string line; std::getline(lines, line); ++records) {
      const nlohmann::json record = nlohmann::json::parse(line);
      if (record.at("status") == "done") {
        expect_same_depth(output, fs::path(record.at("path").get<std::string>()).stem());
      } else {
        EXPECT_EQ(record.at("error").at("code"), "memory.exhausted") << line;
      }
    }
    EXPECT_EQ(records, kPictures);
  }
  EXPECT_GT(halved, 0);
  RecordProperty("halved", halved);
  RecordProperty("all_done", all_done);
}

}  // namespace
}  // namespace da3::testing
