// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include <scene/align.hpp>
#include <scene/linear_algebra.hpp>
#include <scene/similarity.hpp>

#include <da3/error.hpp>

namespace da3::scene {
namespace {

using Points = std::vector<std::array<double, 3>>;

constexpr std::size_t kRobustFrom = 10;  ///< Views from which on the fit is robust
constexpr std::size_t kTries = 100;
constexpr std::uint64_t kSeed = 42;
/// Below this share of the first singular value the centres are collinear or nearly so.
constexpr double kFlat = 1e-3;

double distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Points centres_of(std::span<const Camera> cameras) {
  Points centres;
  for (const Camera& camera : cameras) centres.push_back(centre_of(camera));
  return centres;
}

Points picked(const Points& points, std::span<const std::size_t> which) {
  Points chosen;
  for (const std::size_t i : which) chosen.push_back(points[i]);
  return chosen;
}

Similarity fit(const Points& to, const Points& from) {
  return fitted_similarity(to, from);
}

/// The fit of the try that agrees with most cameras, then with the smallest mean error; again over those.
Similarity robust_fit(const Points& to, const Points& from, const Samples& samples) {
  const Similarity all = fit(to, from);
  std::vector<double> nearest;
  for (const auto& centre : from) {
    const auto aligned = moved(all, centre);
    double least = std::numeric_limits<double>::infinity();
    for (const auto& other : to) least = std::min(least, distance(aligned, other));
    nearest.push_back(least);
  }
  const double threshold = median(nearest);
  std::vector<std::size_t> best;
  double best_error = std::numeric_limits<double>::infinity();
  Similarity best_fit = all;
  for (const std::vector<std::size_t>& sample : samples) {
    const Similarity candidate = fit(picked(to, sample), picked(from, sample));
    std::vector<std::size_t> inliers;
    double error = 0;
    for (std::size_t i = 0; i < to.size(); ++i) {
      const double off = distance(moved(candidate, from[i]), to[i]);
      if (!(off <= threshold)) continue;
      inliers.push_back(i);
      error += off;
    }
    if (inliers.empty()) continue;
    error /= static_cast<double>(inliers.size());
    if (inliers.size() < best.size() || (inliers.size() == best.size() && !(error < best_error))) continue;
    best = std::move(inliers);
    best_error = error;
    best_fit = candidate;
  }
  return best.size() >= 3 ? fit(picked(to, best), picked(from, best)) : best_fit;
}

/// True where the centres span a plane at least, so that they say how the worlds are turned.
bool spans_plane(const Points& to, const Points& from) {
  Eigen::Vector3d middle_to = Eigen::Vector3d::Zero();
  Eigen::Vector3d middle_from = Eigen::Vector3d::Zero();
  const auto vector = [](const std::array<double, 3>& v) { return Eigen::Vector3d(v[0], v[1], v[2]); };
  for (std::size_t i = 0; i < to.size(); ++i) {
    middle_to += vector(to[i]);
    middle_from += vector(from[i]);
  }
  middle_to /= static_cast<double>(to.size());
  middle_from /= static_cast<double>(to.size());
  Eigen::Matrix3d covariance = Eigen::Matrix3d::Zero();
  for (std::size_t i = 0; i < to.size(); ++i) {
    covariance += (vector(to[i]) - middle_to) * (vector(from[i]) - middle_from).transpose();
  }
  const Eigen::Vector3d values = covariance.jacobiSvd().singularValues();
  return values[1] > kFlat * values[0];
}

double spread_of(const Points& points) {
  Eigen::Vector3d middle = Eigen::Vector3d::Zero();
  for (const auto& p : points)
    middle += Eigen::Vector3d(p[0], p[1], p[2]) / static_cast<double>(points.size());
  double sum = 0;
  for (const auto& p : points) sum += (Eigen::Vector3d(p[0], p[1], p[2]) - middle).squaredNorm();
  return std::sqrt(sum / static_cast<double>(points.size()));
}

/// Two or collinear centres: the ratio of the spreads, and the mean of A_i' B_i, which turns given axes into
/// predicted.
Similarity fit_of_line(std::span<const Camera> predicted, std::span<const Camera> given, const Points& to,
                       const Points& from) {
  Similarity similarity = fit(to, from);
  if (to.size() == 2) similarity.scale = distance(to[0], to[1]) / distance(from[0], from[1]);
  Eigen::Matrix3d sum = Eigen::Matrix3d::Zero();
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    sum += pose_of(predicted[i]).rotation.transpose() * pose_of(given[i]).rotation;
  }
  const Eigen::Matrix3d rotation = nearest_rotation(sum);
  similarity.rotation = array_of(rotation);
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Eigen::Vector3d b(from[i][0], from[i][1], from[i][2]);
    translation += Eigen::Vector3d(to[i][0], to[i][1], to[i][2]) - similarity.scale * (rotation * b);
  }
  similarity.translation = array_of(Eigen::Vector3d(translation / static_cast<double>(to.size())));
  return similarity;
}

double largest_coordinate(std::span<const Camera> cameras) {
  double largest = 0;
  for (const Camera& camera : cameras) {
    for (const double value : centre_of(camera)) largest = std::max(largest, std::abs(value));
  }
  return largest;
}

}  // namespace

Alignment align(std::span<const Camera> predicted, std::span<const Camera> given, const Samples* samples) {
  Alignment alignment;
  const Points to = centres_of(predicted);
  const Points from = centres_of(given);
  const double spread = spread_of(from);
  // Distances of about the rounding error of the coordinates are none.
  if (given.size() < 2 || !(spread > 1e-12 * largest_coordinate(given))) return alignment;
  Similarity similarity;
  if (!spans_plane(to, from)) {
    similarity = fit_of_line(predicted, given, to, from);
  } else if (given.size() < kRobustFrom) {
    similarity = fit(to, from);
  } else if (samples != nullptr) {
    similarity = robust_fit(to, from, *samples);
  } else {
    similarity = robust_fit(
        to, from,
        draw_samples(kTries, std::max<std::size_t>((given.size() + 1) / 2, 3), given.size(), kSeed));
  }
  if (!std::isfinite(similarity.scale) || similarity.scale <= 0) {
    throw Error(ErrorCode::kSceneAlignment,
                "the predicted cameras cannot be brought onto the given ones (scale " +
                    std::to_string(similarity.scale) +
                    "); are they camera_from_world in OpenCV axes, in the order of the photos?");
  }
  double sum = 0;
  std::vector<double> angles;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const Camera aligned = moved(similarity, given[i]);
    const double off = distance(centre_of(aligned), to[i]);
    sum += off * off;
    angles.push_back(angle_deg(pose_of(predicted[i]).rotation * pose_of(aligned).rotation.transpose()));
  }
  alignment.predicted_from_given = similarity;
  const double reach = spread_of(to);
  alignment.rms = reach > 0 ? std::sqrt(sum / static_cast<double>(given.size())) / reach : 0;
  alignment.angle_deg = median(angles);
  return alignment;
}

void adopt_cameras(std::span<View> views, std::span<const Camera> given, const Alignment& alignment,
                   bool keep_scale) {
  const std::optional<Similarity>& similarity = alignment.predicted_from_given;
  for (std::size_t i = 0; i < views.size(); ++i) {
    View& view = views[i];
    view.predicted = view.camera;
    view.camera = similarity && keep_scale ? moved(*similarity, given[i]) : given[i];
    if (!similarity || keep_scale) continue;
    for (float& depth : view.depth) depth = static_cast<float>(depth / similarity->scale);
  }
}

}  // namespace da3::scene
