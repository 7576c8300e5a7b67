// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <random>

#include <formats/encode.hpp>
#include <gtest/gtest.h>

#include <bench/measure/peak_memory.hpp>
#include <run/need.hpp>

namespace da3::run {
namespace {

/// Depth as networks give it, smooth with edges; the photo as hard to pack as one can be.
formats::OutputSet large_set(Size size, bool with_photo) {
  formats::OutputSet set;
  set.kind = DepthKind::kRelative;
  set.depth = {size, std::vector<float>(size.area())};
  float* value = set.depth.values.data();
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x, ++value) {
      const float edge = (x / 700 + y / 500) % 2 == 0 ? 1.0F : 0.0F;
      *value = 2 + edge + 1e-4F * static_cast<float>(x % 1300) + 2e-4F * static_cast<float>(y % 900);
    }
  }
  if (!with_photo) return set;
  Image photo{size, std::vector<std::uint8_t>(size.area() * 3)};
  std::minstd_rand random(1);
  for (std::uint8_t& sample : photo.rgb) sample = static_cast<std::uint8_t>(random() >> 8);
  set.photo = std::move(photo);
  return set;
}

class LargeMap : public ::testing::TestWithParam<std::pair<formats::Format, Size>> {};

TEST_P(LargeMap, NeedsEightBytesAPixelBeyondThePhotoAndNoMoreThanIsSaid) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's memory is not the program's";
#endif
  const auto [format, size] = GetParam();
  const formats::OutputSet set = large_set(size, formats::shows_photo(format));
  bench::SystemPeakMemory memory;
  if (!memory.restart()) GTEST_SKIP() << "this system does not forget a peak of memory";
  const std::uint64_t before = *memory.bytes();
  const formats::EncodedSet encoded = formats::encode(set, {format});
  const std::uint64_t taken = *memory.bytes() - before;
  EXPECT_GT(encoded.files.front().bytes.size(), 1000U);

  Settings settings;
  settings.formats = {format};
  settings.way.policy.process_res = 504;
  const std::uint64_t map = size.area() * sizeof(float);
  const std::uint64_t said = need_of(size, 0, settings).finishing;
  constexpr std::uint64_t kOther = std::uint64_t{16} << 20;  // Rows, tables, and what malloc keeps
  EXPECT_LE(map + taken, said + kOther);
  EXPECT_LE(said, 8 * size.area());
}

// Where a second copy of the rows would show.
INSTANTIATE_TEST_SUITE_P(Each, LargeMap,
                         ::testing::Values(std::pair{formats::Format::kSide, Size{5800, 5800}},
                                           std::pair{formats::Format::kVis, Size{8200, 8200}}),
                         [](const auto& each) { return std::string(formats::to_string(each.param.first)); });

}  // namespace
}  // namespace da3::run
