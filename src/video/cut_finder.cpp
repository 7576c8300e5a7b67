// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numeric>

#include <video/cut_finder.hpp>

namespace da3::video {
namespace {

constexpr std::size_t kEnough = 16384;  ///< Pixels
constexpr unsigned kShift = 5;          ///< 8 levels a channel

// Measured: moving cameras and people change up to 0.09 of the colours from frame to frame and stay below
// half of what is a cut here; cuts in a trailer of dark shots change from 0.14, between photographs of
// different places from 0.65.
constexpr double kLeastChange = 0.08;
constexpr double kUsualTimes = 3;
constexpr double kLearning = 0.1;  ///< Share of the newest change in the usual one
constexpr double kRepeated = 1e-3;

double total(const Look& look) {
  return static_cast<double>(std::accumulate(look.begin(), look.end(), std::uint64_t{0}));
}

}  // namespace

Look look_of(const Image& picture) {
  Look look(512);
  const auto height = static_cast<std::size_t>(picture.size.height);
  const auto width = static_cast<std::size_t>(picture.size.width);
  std::size_t step = 1;
  while ((height / (step + 1)) * (width / (step + 1)) >= kEnough) ++step;
  for (std::size_t y = 0; y < height; y += step) {
    const std::uint8_t* const row = picture.rgb.data() + 3 * y * width;
    for (std::size_t x = 0; x < width; x += step) {
      const std::uint8_t* const pixel = row + 3 * x;
      ++look[static_cast<std::size_t>(pixel[0] >> kShift) * 64 +
             static_cast<std::size_t>(pixel[1] >> kShift) * 8 + (pixel[2] >> kShift)];
    }
  }
  return look;
}

double change_between(const Look& first, const Look& second) {
  const double of_first = 1 / total(first);
  const double of_second = 1 / total(second);
  double sum = 0;
  for (std::size_t i = 0; i < first.size(); ++i) sum += std::abs(first[i] * of_first - second[i] * of_second);
  return sum / 2;
}

CutFinder::Verdict CutFinder::next(const Look& look) {
  Verdict verdict;
  if (look.empty()) return verdict;
  if (!state_.previous.empty()) {
    verdict.change = change_between(state_.previous, look);
    verdict.cut = verdict.change > kLeastChange + kUsualTimes * state_.usual;
    // A frame shown twice says nothing about how things move.
    if (!verdict.cut && verdict.change > kRepeated)
      state_.usual += kLearning * (verdict.change - state_.usual);
  }
  state_.previous = look;
  return verdict;
}

}  // namespace da3::video
