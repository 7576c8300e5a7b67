// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/program.hpp>

namespace da3::testing {
namespace {

/// The real architectures of several gigabytes, weights by recipe.
class LargeModel : public ::testing::TestWithParam<const char*> {};

TEST_P(LargeModel, RunsOnTheCpuInLittleMoreMemoryThanItsFile) {
  const Workplace place;
  const Ended exported = place.run({"model", "export", GetParam(), "--synthetic", "1", "-o", "large.pt"});
  ASSERT_EQ(exported.code, 0) << exported.err;

  write_picture(place / "photo.ppm", 98, 70, 1);
  const Ended ended = place.run({"infer", "photo.ppm", "-m", "large.pt", "--allow-synthetic", "--device",
                                 "cpu", "--process-res", "98", "--batch", "1", "-f", "npy", "-o", "depth"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(std::filesystem::exists(place / "depth/photo.npy"));
  // Weights are mapped, not copied.
  const auto file_bytes = static_cast<double>(std::filesystem::file_size(place / "large.pt"));
  EXPECT_LT(static_cast<double>(ended.peak_resident_bytes), 1.25 * file_bytes);
  RecordProperty("peak_per_file_byte",
                 std::to_string(static_cast<double>(ended.peak_resident_bytes) / file_bytes));

  const Ended verified = place.run({"model", "verify", "large.pt", "--device", "cpu", "--json"});
  ASSERT_EQ(verified.code, 0) << verified.err;
  EXPECT_TRUE(nlohmann::json::parse(verified.out).at("selftest").at("passed").get<bool>());
}

INSTANTIATE_TEST_SUITE_P(Published, LargeModel, ::testing::Values("da3-giant", "da3nested-giant-large"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           for (char& each : name) each = each == '-' ? '_' : each;
                           return name;
                         });

}  // namespace
}  // namespace da3::testing
