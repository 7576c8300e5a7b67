// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>

#include <scene/linear_algebra.hpp>
#include <scene/similarity.hpp>
#include <scene/windows.hpp>

#include <da3/error.hpp>

namespace da3::scene {
namespace {

constexpr double kLeastShare = 0.1;  ///< Of the smaller median of confidence - 1: pairs below do not count
constexpr int kRounds = 5;
constexpr double kStill = 1e-9;       ///< Of scale and translation: the fit moves no more
constexpr double kStillDeg = 0.1;     ///< Of the rotation
constexpr double kDeltaShare = 0.05;  ///< Of the median depth: pairs up to there count in full
/// Pixels that are looked at along the longer side of a shared view: a similarity has seven numbers, and a
/// view some ten thousand of these.
constexpr int kGrid = 160;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/// From a pixel with its depth to the world.
class Unprojection {
 public:
  explicit Unprojection(const Camera& camera)
      : slope_(pose_of(camera).rotation.transpose() * matrix_of(camera.intrinsics).inverse()),
        centre_(pose_of(camera).centre()) {}

  std::array<double, 3> at(int row, int column, double depth) const {
    return array_of(
        Eigen::Vector3d(centre_ + slope_ * (depth * Eigen::Vector3d(column + 0.5, row + 0.5, 1))));
  }

 private:
  Eigen::Matrix3d slope_;
  Eigen::Vector3d centre_;
};

bool is_depth(float value) {
  return std::isfinite(value) && value > 0;
}

/// What two windows say of the photos that they share.
struct SharedPixels {
  SharedPoints points;
  std::vector<double> depth;  ///< In the first
  std::vector<double> first_above_one;
  std::vector<double> second_above_one;
};

void add_view(const View& first, const View& second, SharedPixels& pixels) {
  const Size size = first.input.size;
  const int step = std::max(1, std::max(size.height, size.width) / kGrid);
  const Unprojection first_world(first.camera);
  const Unprojection second_world(second.camera);
  const bool confident = !first.confidence.empty() && !second.confidence.empty();
  for (int row = 0; row < size.height; row += step) {
    for (int column = 0; column < size.width; column += step) {
      const std::size_t at = static_cast<std::size_t>(row) * static_cast<std::size_t>(size.width) +
                             static_cast<std::size_t>(column);
      if (!is_depth(first.depth[at]) || !is_depth(second.depth[at])) continue;
      pixels.points.first.push_back(first_world.at(row, column, first.depth[at]));
      pixels.points.second.push_back(second_world.at(row, column, second.depth[at]));
      pixels.depth.push_back(first.depth[at]);
      if (!confident) continue;
      pixels.first_above_one.push_back(double{first.confidence[at]} - 1);
      pixels.second_above_one.push_back(double{second.confidence[at]} - 1);
    }
  }
}

double rms_of(const SharedPoints& pairs, const Similarity& similarity) {
  double squares = 0;
  double sum = 0;
  for (std::size_t i = 0; i < pairs.first.size(); ++i) {
    const double off = distance(moved(similarity, pairs.second[i]), pairs.first[i]);
    squares += pairs.weights[i] * off * off;
    sum += pairs.weights[i];
  }
  return std::sqrt(squares / sum);
}

}  // namespace

std::vector<Window> plan_windows(std::size_t views, std::size_t size, std::size_t overlap) {
  std::vector<Window> windows;
  for (std::size_t begin = 0;; begin += size - overlap) {
    windows.push_back({begin, std::min(begin + size, views)});
    if (begin + size >= views) return windows;
  }
}

std::size_t home_of(std::size_t view, std::span<const Window> windows) {
  std::size_t home = windows.size();
  std::size_t nearest = 0;
  for (std::size_t k = 0; k < windows.size(); ++k) {
    if (view < windows[k].begin || view >= windows[k].end) continue;
    // Twice the distance from the middle, which lies between two views where the size is even.
    const std::size_t twice = 2 * view + 1;
    const std::size_t middle = windows[k].begin + windows[k].end;
    const std::size_t off = twice > middle ? twice - middle : middle - twice;
    if (home < windows.size() && off >= nearest) continue;
    nearest = off;
    home = k;
  }
  return home;
}

SharedPoints sure_pairs(SharedPoints pixels, std::span<const double> first_above_one,
                        std::span<const double> second_above_one) {
  if (first_above_one.empty() || second_above_one.empty()) {
    pixels.weights.assign(pixels.first.size(), 1.0);
    return pixels;
  }
  const double least = kLeastShare * std::min(median({first_above_one.begin(), first_above_one.end()}),
                                              median({second_above_one.begin(), second_above_one.end()}));
  SharedPoints pairs;
  for (std::size_t i = 0; i < pixels.first.size(); ++i) {
    if (!(first_above_one[i] > least && second_above_one[i] > least)) continue;
    pairs.first.push_back(pixels.first[i]);
    pairs.second.push_back(pixels.second[i]);
    pairs.weights.push_back(std::sqrt(first_above_one[i] * second_above_one[i]));
  }
  return pairs;
}

Similarity joined(const SharedPoints& pairs, double delta) {
  const auto fit = [&](std::span<const double> weights) {
    return fitted_similarity(pairs.first, pairs.second, weights, ScaleRule::kRatioOfRadii);
  };
  Similarity similarity = fit(pairs.weights);
  std::vector<double> weights(pairs.weights.size());
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double off = distance(moved(similarity, pairs.second[i]), pairs.first[i]);
      weights[i] = pairs.weights[i] * (off > delta ? delta / off : 1.0);
    }
    const Similarity next = fit(weights);
    const double step =
        std::abs(next.scale - similarity.scale) + distance(next.translation, similarity.translation);
    const double turn = angle_deg(matrix_of(next.rotation) * matrix_of(similarity.rotation).transpose());
    similarity = next;
    if (step < kStill && turn < kStillDeg) break;
  }
  return similarity;
}

Seam seam_of(std::span<const View> first, std::span<const View> second) {
  SharedPixels pixels;
  for (std::size_t i = 0; i < first.size(); ++i) add_view(first[i], second[i], pixels);
  const double depth = median(std::move(pixels.depth));
  const SharedPoints pairs =
      sure_pairs(std::move(pixels.points), pixels.first_above_one, pixels.second_above_one);
  Seam seam;
  const bool enough = pairs.first.size() >= 3;
  if (enough) {
    seam.first_from_second = joined(pairs, kDeltaShare * depth);
    seam.residual = rms_of(pairs, seam.first_from_second) / depth;
  }
  const double scale = seam.first_from_second.scale;
  if (!enough || !std::isfinite(scale) || !(scale > 0) || !std::isfinite(seam.residual)) {
    throw Error(ErrorCode::kSceneAlignment,
                "two windows cannot be joined: in the " + std::to_string(first.size()) +
                    " views that they share there is nothing that both are sure of; take more views together "
                    "(--window) or a larger --overlap");
  }
  return seam;
}

void move_view(const Similarity& similarity, View& view) {
  view.camera = moved(similarity, view.camera);
  for (float& depth : view.depth) depth = static_cast<float>(depth * similarity.scale);
}

}  // namespace da3::scene
