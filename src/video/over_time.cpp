// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include <video/over_time.hpp>

#include <image/preprocess.hpp>

namespace da3::video {
namespace {

bool has_value(float depth) {
  return std::isfinite(depth) && depth > 0;
}

/// The middle value; the lower of the two middle ones for an even number.
double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> logarithms(const std::vector<float>& values) {
  std::vector<double> logs;
  for (const float value : values) {
    if (has_value(value)) logs.push_back(std::log(value));
  }
  return logs;
}

}  // namespace

DepthMap eighth(const DepthMap& depth) {
  constexpr int kBlock = 8;
  const int rows = (depth.size.height + kBlock - 1) / kBlock;
  const int columns = (depth.size.width + kBlock - 1) / kBlock;
  DepthMap means{{rows, columns}, {}};
  means.values.reserve(means.size.area());
  for (int by = 0; by < rows; ++by) {
    for (int bx = 0; bx < columns; ++bx) {
      double sum = 0;
      int count = 0;
      for (int y = by * kBlock; y < std::min((by + 1) * kBlock, depth.size.height); ++y) {
        for (int x = bx * kBlock; x < std::min((bx + 1) * kBlock, depth.size.width); ++x) {
          const float value =
              depth.values[static_cast<std::size_t>(y) * static_cast<std::size_t>(depth.size.width) +
                           static_cast<std::size_t>(x)];
          if (!has_value(value)) continue;
          sum += value;
          ++count;
        }
      }
      means.values.push_back(count > 0 ? static_cast<float>(sum / count)
                                       : std::numeric_limits<float>::quiet_NaN());
    }
  }
  return means;
}

Steadied Steadying::next(const DepthMap& depth, double seconds, bool given_cut) {
  constexpr double kCutSpread = 0.25;
  constexpr double kTimeConstant_s = 10;
  DepthMap map = eighth(depth);
  std::vector<float>& now = map.values;
  Steadied result;
  if (!state_.previous.values.empty()) {
    const DepthMap previous = image::resize_map(state_.previous, map.size);
    std::vector<double> ratios;
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (has_value(now[i]) && has_value(previous.values[i]))
        ratios.push_back(std::log(static_cast<double>(previous.values[i]) / now[i]));
    }
    double shift = 0;
    const bool enough = ratios.size() * 2 >= now.size() && !ratios.empty();
    if (enough) {
      shift = median(ratios);
      std::vector<double> distances(ratios.size());
      std::transform(ratios.begin(), ratios.end(), distances.begin(),
                     [&](double r) { return std::abs(r - shift); });
      result.spread = median(distances);
    }
    result.cut = given_cut || (cuts_ == Cuts::kAuto && (!enough || result.spread > kCutSpread));
    if (result.cut) {
      std::vector<double> before = logarithms(state_.previous.values);
      std::vector<double> here = logarithms(now);
      if (!before.empty() && !here.empty()) result.factor = std::exp(median(before) - median(here));
    } else {
      const double leak = 1 - std::exp(-std::max(0.0, seconds - state_.seconds) / kTimeConstant_s);
      result.factor = std::exp(shift * (1 - leak));
    }
  }
  for (float& value : now) value = static_cast<float>(value * result.factor);
  const bool any = std::any_of(now.begin(), now.end(), has_value);
  if (any || state_.previous.values.empty()) state_.previous = std::move(map);
  state_.seconds = seconds;
  return result;
}

void RunningRange::prime(const DepthMap& depth, double factor) {
  histogram_.add(depth, factor);
}

std::optional<DepthRange> RunningRange::next(const DepthMap& depth, double factor, double seconds, bool cut) {
  constexpr double kTimeConstant_s = 2;
  constexpr double kShareASecond = 0.05;
  const double passed = std::max(0.0, seconds - seconds_);
  seconds_ = seconds;
  if (cut) {
    histogram_ = {};
    range_.reset();
  }
  histogram_.decay(std::exp(-passed / kTimeConstant_s));
  histogram_.add(depth, factor);
  const std::optional<DepthRange> wanted = image::range_of(histogram_);
  if (!wanted || !range_) {
    if (wanted) range_ = wanted;
    return range_;
  }
  // In logarithms, as the eye takes inverse depth over a large range.
  const double width = std::log(range_->second / range_->first);
  const double step = kShareASecond * width * passed;
  const auto moved = [&](double from, double to) {
    return from * std::exp(std::clamp(std::log(to / from), -step, step));
  };
  range_ = DepthRange{moved(range_->first, wanted->first), moved(range_->second, wanted->second)};
  return range_;
}

void RunningRange::restore(State state) {
  histogram_.restore(std::move(state.counts));
  range_ = state.range;
  seconds_ = state.seconds;
}

std::vector<std::uint16_t> grey_codes(const DepthMap& depth, const GreyCode& code) {
  constexpr double kLast = 65535;
  constexpr double kSteps = 65533;
  std::vector<std::uint16_t> codes(depth.values.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const float value = depth.values[i];
    if (!has_value(value)) continue;
    double grey = 0;
    if (code.millimetres) {
      grey = std::clamp(std::floor(value / 0.001 + 0.5), 1.0, kLast);
    } else {
      const double octaves = std::clamp(std::log2(value / code.ref) + 8, 0.0, 16.0);
      grey = 1 + std::floor(kSteps * octaves / 16 + 0.5);
    }
    codes[i] = static_cast<std::uint16_t>(grey);
  }
  return codes;
}

std::optional<double> median_depth(const DepthMap& depth) {
  std::vector<float> present;
  present.reserve(depth.values.size());
  std::copy_if(depth.values.begin(), depth.values.end(), std::back_inserter(present), has_value);
  if (present.empty()) return std::nullopt;
  const auto middle = present.begin() + static_cast<std::ptrdiff_t>((present.size() - 1) / 2);
  std::nth_element(present.begin(), middle, present.end());
  return *middle;
}

}  // namespace da3::video
