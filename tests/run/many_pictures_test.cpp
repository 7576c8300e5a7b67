// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>

#include <run/run_fixture.hpp>

namespace da3::run {
namespace {

/// 600 pictures, or as many as DA3_TEST_PICTURES says; memory is judged from 10,000 on.
int num_pictures() {
  const char* text = std::getenv("DA3_TEST_PICTURES");
  return text == nullptr ? 600 : std::atoi(text);
}

/// Resident memory in pages; 0 where /proc does not tell.
std::uint64_t resident_pages() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  statm >> size >> resident;
  return resident;
}

using ManyPictures = RunTest;

TEST_F(ManyPictures, OfSixtyShapesSomeBrokenEndWithEveryFailureNamed) {
  const int count = num_pictures();
  std::size_t broken = 0;
  for (int i = 0; i < count; ++i) {
    const std::string name = "in/" + std::to_string(i) + ".ppm";
    const Size size{14 + i % 10 * 14, 14 + i % 6 * 14};
    if (i % 100 == 37) {
      folder_.write(name, testing::ppm(size, 0).substr(0, 40));
      ++broken;
    } else {
      picture(name, static_cast<std::uint32_t>(i), size);
    }
  }
  model_->appetite_ = [](int batch, Size size) {
    return static_cast<std::uint64_t>(batch) * size.area() * 100;
  };
  std::uint64_t early = 0;
  int finished = 0;
  on_image_ = [&](const ImageEvent& event) {
    if (event.status == ImageStatus::kDone) events_.pop_back();  // This test's own memory
    if (++finished == count / 5) early = resident_pages();
  };
  const Summary summary = run();
  const std::uint64_t late = resident_pages();
  EXPECT_EQ(summary.failed, broken);
  EXPECT_EQ(summary.done + summary.failed, static_cast<std::size_t>(count));
  EXPECT_EQ(failures().size(), broken);
  for (const auto& [name, error] : failures()) EXPECT_EQ(error, "image.truncated") << name;
  EXPECT_EQ(results().size(), summary.done);
  constexpr std::size_t kWindow = 256;
  EXPECT_LE(summary.largest_in_flight, kWindow);
  RecordProperty("resident_pages", std::to_string(early) + " then " + std::to_string(late));
  if (count >= 10'000) {
    EXPECT_LT(static_cast<double>(late), 1.03 * static_cast<double>(early))
        << early << " pages, then " << late;
  }
}

}  // namespace
}  // namespace da3::run
