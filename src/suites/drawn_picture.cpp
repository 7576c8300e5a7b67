// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <suites/drawn_picture.hpp>

namespace da3::suites {
namespace {

// Xorshift (Marsaglia 2003).
std::uint32_t next(std::uint32_t& state) {
  state ^= state << 13U;
  state ^= state >> 17U;
  state ^= state << 5U;
  return state;
}

}  // namespace

Image drawn_picture(Size size, std::uint32_t seed) {
  Image picture{size, std::vector<std::uint8_t>(size.area() * 3)};
  std::uint32_t state = 0x9E3779B9U + seed;
  const int block = 24 + static_cast<int>(seed % 7) * 8;
  std::size_t at = 0;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const int slope = 160 * y / std::max(1, size.height) + 40 * x / std::max(1, size.width);
      const int edge = ((x / block + y / block) % 3) * 18;
      const int grain = static_cast<int>(next(state) >> 29U);
      for (int c = 0; c < 3; ++c) {
        picture.rgb[at++] = static_cast<std::uint8_t>(std::min(255, slope + edge + grain + 12 * c));
      }
    }
  }
  return picture;
}

DrawnBatch::DrawnBatch(Size size, int count) {
  for (int i = 0; i < count; ++i) pictures_.push_back(drawn_picture(size, static_cast<std::uint32_t>(i)));
}

predict::Request DrawnBatch::request() const {
  predict::Request request;
  request.scenes = static_cast<int>(pictures_.size());
  request.size = pictures_.front().size;
  for (const Image& picture : pictures_) request.pictures.emplace_back(picture.rgb);
  return request;
}

}  // namespace da3::suites
