// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <pipeline/run_fixture.hpp>

namespace da3::pipeline {
namespace {

using ManyPictures = RunTest;

TEST_F(ManyPictures, OfSixtyShapesSomeBrokenEndWithEveryFailureNamed) {
  int broken = 0;
  for (int i = 0; i < 600; ++i) {
    const std::string name = "in/" + std::to_string(i) + ".ppm";
    const Size size{14 + i % 10 * 3, 14 + i % 6 * 7};  // 60 shapes
    if (i % 100 == 37) {
      folder_.write(name, testing::ppm(size, 0).substr(0, 40));
      ++broken;
    } else {
      picture(name, static_cast<std::uint32_t>(i), size);
    }
  }
  options_.batch = 1;
  const Summary summary = run();
  EXPECT_EQ(summary.failed, static_cast<std::size_t>(broken));
  EXPECT_EQ(summary.done, 600U - static_cast<std::size_t>(broken));
  EXPECT_EQ(failures().size(), static_cast<std::size_t>(broken));
  for (const auto& [name, error] : failures()) EXPECT_EQ(error, "image.truncated") << name;
  EXPECT_EQ(results().size(), summary.done);
  constexpr std::size_t kWindow = 8;  // Four for each of two host threads, while batches are of one picture
  EXPECT_LE(summary.largest_in_flight, kWindow);
}

}  // namespace
}  // namespace da3::pipeline
