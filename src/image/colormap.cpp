// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include <da3/error.hpp>

#include <core/vector_clones.hpp>
#include <image/colormap.hpp>
#include <image/colormap_tables.hpp>
#include <image/order_statistics.hpp>

namespace da3::image {
namespace {

constexpr float kNoValue = std::numeric_limits<float>::quiet_NaN();

/// How near a value is, growing towards the camera; `kNoValue` where a map has none.
float nearness(float value, DepthKind kind) {
  if (!std::isfinite(value)) return kNoValue;
  if (kind == DepthKind::kInverse) return value;
  const float inverse = 1.0F / value;
  return value > 0 && std::isfinite(inverse) ? inverse : kNoValue;
}

NearRange given_range(const std::pair<double, double>& range, DepthKind kind) {
  const double low = std::min(range.first, range.second);
  const double high = std::max(range.first, range.second);
  const bool positive = kind == DepthKind::kInverse || low > 0;
  if (!std::isfinite(low) || !std::isfinite(high) || !positive || low == high) {
    throw Error(ErrorCode::kUsage, "range of the picture from " + std::to_string(range.first) + " to " +
                                       std::to_string(range.second) +
                                       ": expected two different depths, both above 0");
  }
  return kind == DepthKind::kInverse ? NearRange{low, high} : NearRange{1 / high, 1 / low};
}

/// The step of a value from `far` to `far + width`. Without branches, so that loops over it become vectors.
std::uint16_t step_of(float near, bool has_value, double far, double width) {
  constexpr int kNone = NearPosition::kSteps;
  const double step = (near - far) / width * kNone;
  const double above = step > 0 ? step : 0;
  const int whole = static_cast<int>(above < kNone - 1 ? above : kNone - 1);
  const int mask = -static_cast<int>(has_value);
  return static_cast<std::uint16_t>((whole & mask) | (kNone & ~mask));
}

DA3_VECTOR_CLONES void inverse_steps(const float* values, std::size_t count, double far, double width,
                                     std::uint16_t* __restrict steps) {
  constexpr float kMost = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < count; ++i)
    steps[i] = step_of(values[i], (values[i] <= kMost) & (values[i] >= -kMost), far, width);
}

DA3_VECTOR_CLONES void depth_steps(const float* values, std::size_t count, double far, double width,
                                   std::uint16_t* __restrict steps) {
  constexpr float kMost = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < count; ++i) {
    const float value = values[i];
    const float near = 1.0F / value;
    steps[i] = step_of(near, (value > 0) & (value <= kMost) & (near <= kMost), far, width);
  }
}

/// The smallest depth whose inverse is a number: below it, and up to 0, there is no value.
constexpr float kLeastDepth = 0x1p-128F;

}  // namespace

NearRange near_range(const DepthMap& depth, DepthKind kind) {
  return near_range(RankFinder(depth.values), kind);
}

NearRange near_range(const RankFinder& ranks, DepthKind kind) {
  // The inverse falls as depth grows and rounding keeps the order, so its ranks are those of depth from the
  // end.
  const bool inverse = kind == DepthKind::kInverse;
  const std::uint64_t without = inverse ? 0 : ranks.num_up_to(kLeastDepth);
  const std::uint64_t count = ranks.num_finite() - without;
  if (count == 0) return {};
  const auto rank_of = [&](std::uint64_t from_far) {
    return inverse ? from_far : ranks.num_finite() - 1 - from_far;
  };
  const std::array places{place_of_quantile(0.02, count), place_of_quantile(0.98, count)};
  std::array<std::uint64_t, 4> wanted{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    wanted[2 * i] = rank_of(places[i].below);
    wanted[2 * i + 1] = rank_of(places[i].above);
  }
  const std::vector<float> found = ranks.find(wanted);
  const auto between = [&](std::size_t i) {
    return places[i].between(double{nearness(found[2 * i], kind)}, double{nearness(found[2 * i + 1], kind)});
  };
  return {between(0), between(1)};
}

NearPosition::NearPosition(const DepthMap& depth, DepthKind kind,
                           const std::optional<std::pair<double, double>>& asked,
                           const std::optional<NearRange>& own)
    : kind_(kind) {
  const NearRange range = asked ? given_range(*asked, kind) : own ? *own : near_range(depth, kind);
  far_ = range.far;
  width_ = range.near - range.far;
}

double NearPosition::operator()(float value) const {
  const double near = nearness(value, kind_);
  if (std::isnan(near)) return std::numeric_limits<double>::quiet_NaN();
  return width_ > 0 ? std::clamp((near - far_) / width_, 0.0, 1.0) : 0.5;
}

void NearPosition::steps(std::span<const float> values, std::span<std::uint16_t> steps) const {
  if (kind_ == DepthKind::kInverse) {
    inverse_steps(values.data(), values.size(), far_, width_, steps.data());
  } else {
    depth_steps(values.data(), values.size(), far_, width_, steps.data());
  }
  if (width_ > 0) return;
  for (std::uint16_t& step : steps.first(values.size())) {
    if (step != kSteps) step = kSteps / 2;
  }
}

DepthColours::DepthColours(const DepthMap& depth, DepthKind kind, const VisOptions& options,
                           const std::optional<NearRange>& own)
    : depth_(&depth), position_of_(depth, kind, options.range, own) {
  const Table table = far_to_near_colours(options.colormap);
  std::copy(table.begin(), table.end(), colours_.begin());
}

void DepthColours::fill(int y, std::span<std::uint8_t> row) const {
  const auto width = static_cast<std::size_t>(depth_->size.width);
  const float* const values = depth_->values.data() + static_cast<std::size_t>(y) * width;
  // In two loops, the first of which works on many values at a time.
  std::array<std::uint16_t, 256> indices{};
  for (std::size_t begin = 0; begin < width; begin += indices.size()) {
    const std::size_t count = std::min(indices.size(), width - begin);
    position_of_.steps(std::span(values + begin, count), indices);
    for (std::size_t i = 0; i < count; ++i)
      std::memcpy(&row[3 * (begin + i)], &colours_[3 * std::size_t{indices[i]}], 3);
  }
}

Image render_depth(const DepthMap& depth, DepthKind kind, const VisOptions& options,
                   const std::optional<NearRange>& own) {
  const DepthColours colours(depth, kind, options, own);
  Image picture{depth.size, std::vector<std::uint8_t>(depth.size.area() * 3)};
  const std::size_t row_bytes = static_cast<std::size_t>(depth.size.width) * 3;
  for (int y = 0; y < depth.size.height; ++y) {
    colours.fill(y, std::span(picture.rgb).subspan(static_cast<std::size_t>(y) * row_bytes, row_bytes));
  }
  return picture;
}

Image side_by_side(const Image& left, const Image& right) {
  if (left.size.height != right.size.height) {
    throw Error(ErrorCode::kUsage, "pictures of " + std::to_string(left.size.height) + " and " +
                                       std::to_string(right.size.height) +
                                       " rows cannot stand side by side; resize one");
  }
  const std::size_t left_bytes = static_cast<std::size_t>(left.size.width) * 3;
  const std::size_t right_bytes = static_cast<std::size_t>(right.size.width) * 3;
  Image picture{{left.size.height, left.size.width + right.size.width}, {}};
  picture.rgb.reserve(picture.size.area() * 3);
  for (std::size_t y = 0; y < static_cast<std::size_t>(left.size.height); ++y) {
    const auto left_row = left.rgb.begin() + static_cast<std::ptrdiff_t>(y * left_bytes);
    const auto right_row = right.rgb.begin() + static_cast<std::ptrdiff_t>(y * right_bytes);
    picture.rgb.insert(picture.rgb.end(), left_row, left_row + static_cast<std::ptrdiff_t>(left_bytes));
    picture.rgb.insert(picture.rgb.end(), right_row, right_row + static_cast<std::ptrdiff_t>(right_bytes));
  }
  return picture;
}

}  // namespace da3::image
