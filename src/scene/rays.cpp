// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <scene/linear_algebra.hpp>
#include <scene/mixed_bits.hpp>
#include <scene/rays.hpp>

namespace da3::scene {
namespace {

constexpr std::size_t kTries = 100;
constexpr std::size_t kSampleSize = 8;
constexpr double kCandidates = 0.3;   ///< Share of the rays, the surest
constexpr double kInlier = 0.2;       ///< Distance on the plane z = 1
constexpr double kLeastDepth = 1e-4;  ///< A direction with a smaller z has no place on that plane
constexpr std::size_t kFewest = 4;

/// A ray as a pair of points: where it is in the picture, and where it meets the plane z = 1 of the world.
struct Pair {
  double x = 0;
  double y = 0;
  double u = 0;
  double v = 0;
  double weight = 0;
};

using Matrix9 = Eigen::Matrix<double, 9, 9>;
using Vector9 = Eigen::Matrix<double, 9, 1>;

void add(Matrix9& normal, const Pair& pair) {
  Vector9 row;
  row << -pair.x, -pair.y, -1, 0, 0, 0, pair.x * pair.u, pair.y * pair.u, pair.u;
  normal.selfadjointView<Eigen::Lower>().rankUpdate(row, pair.weight);
  row << 0, 0, 0, -pair.x, -pair.y, -1, pair.x * pair.v, pair.y * pair.v, pair.v;
  normal.selfadjointView<Eigen::Lower>().rankUpdate(row, pair.weight);
}

/// A of q ~ A (x, y, 1), A_33 = 1.
Eigen::Matrix3d homography(const Matrix9& normal) {
  const Eigen::SelfAdjointEigenSolver<Matrix9> solver(normal);
  const Vector9 least = solver.eigenvectors().col(0);
  const Eigen::Matrix3d matrix = Eigen::Map<const RowMatrix3>(least.data());
  return matrix / matrix(2, 2);
}

bool agrees(const Eigen::Matrix3d& a, const Pair& pair) {
  const double z = a(2, 0) * pair.x + a(2, 1) * pair.y + a(2, 2);
  const double u = (a(0, 0) * pair.x + a(0, 1) * pair.y + a(0, 2)) / z - pair.u;
  const double v = (a(1, 0) * pair.x + a(1, 1) * pair.y + a(1, 2)) / z - pair.v;
  return u * u + v * v < kInlier * kInlier;
}

/// A = Q L: Q orthogonal, L lower triangular with a positive diagonal.
struct Factors {
  Eigen::Matrix3d orthogonal;
  Eigen::Matrix3d lower;
};

Factors factors_of(const Eigen::Matrix3d& matrix) {
  // With columns and rows turned around, a QL factorisation is a QR one.
  const Eigen::Matrix3d flipped = matrix.rowwise().reverse();
  const Eigen::HouseholderQR<Eigen::Matrix3d> qr(flipped);
  const Eigen::Matrix3d q = qr.householderQ();
  const Eigen::Matrix3d r = qr.matrixQR().triangularView<Eigen::Upper>();
  Factors factors{q.rowwise().reverse(), r.reverse()};
  for (int i = 0; i < 3; ++i) {
    if (factors.lower(i, i) >= 0) continue;
    factors.lower.row(i) *= -1;
    factors.orthogonal.col(i) *= -1;
  }
  return factors;
}

std::vector<Pair> pairs_of(const RayMap& rays, Size size, const std::optional<std::array<double, 9>>& known) {
  std::vector<Pair> pairs(static_cast<std::size_t>(rays.rows) * static_cast<std::size_t>(rays.columns));
  for (int row = 0; row < rays.rows; ++row) {
    for (int column = 0; column < rays.columns; ++column) {
      const std::size_t i = static_cast<std::size_t>(row) * static_cast<std::size_t>(rays.columns) +
                            static_cast<std::size_t>(column);
      const float* const ray = rays.values.data() + 7 * i;
      Pair& pair = pairs[i];
      pair.x = (2.0 * column + 1) / rays.columns - 1;
      pair.y = (2.0 * row + 1) / rays.rows - 1;
      if (known) {
        const auto& k = *known;
        pair.x = ((pair.x + 1) / 2 * size.width - k[2]) / k[0];
        pair.y = ((pair.y + 1) / 2 * size.height - k[5]) / k[4];
      }
      if (!(std::abs(ray[2]) > kLeastDepth)) continue;  // Its weight stays 0.
      pair.u = static_cast<double>(ray[0]) / ray[2];
      pair.v = static_cast<double>(ray[1]) / ray[2];
      pair.weight = ray[6];
    }
  }
  return pairs;
}

/// The transform of the sample with which the heaviest rays agree, fitted again to all that agree.
std::optional<Eigen::Matrix3d> robust_homography(const std::vector<Pair>& pairs, const Samples& samples) {
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return pairs[a].weight > pairs[b].weight; });
  double best_score = 0;
  Eigen::Matrix3d best = Eigen::Matrix3d::Identity();
  for (const std::vector<std::size_t>& sample : samples) {
    Matrix9 normal = Matrix9::Zero();
    for (const std::size_t i : sample) add(normal, pairs[order[i]]);
    const Eigen::Matrix3d candidate = homography(normal);
    double score = 0;
    for (const Pair& pair : pairs) score += agrees(candidate, pair) ? pair.weight : 0.0;
    if (!(score > best_score)) continue;
    best_score = score;
    best = candidate;
  }
  if (best_score == 0) return std::nullopt;
  Matrix9 normal = Matrix9::Zero();
  std::size_t inliers = 0;
  for (const Pair& pair : pairs) {
    if (pair.weight <= 0 || !agrees(best, pair)) continue;
    add(normal, pair);
    ++inliers;
  }
  if (inliers < kFewest) return std::nullopt;
  return homography(normal);
}

struct Origin {
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  double spread = 0;
};

Origin origin_of(const RayMap& rays, const std::vector<Pair>& pairs) {
  Origin origin;
  double sum = 0;
  const auto at = [&](std::size_t i) {
    const float* const ray = rays.values.data() + 7 * i;
    return Eigen::Vector3d(ray[3], ray[4], ray[5]);
  };
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    origin.mean += pairs[i].weight * at(i);
    sum += pairs[i].weight;
  }
  origin.mean /= sum;
  double squares = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    squares += pairs[i].weight * (at(i) - origin.mean).squaredNorm();
  origin.spread = std::sqrt(squares / sum);
  return origin;
}

}  // namespace

std::size_t num_candidates(std::size_t num_rays) {
  return std::max(kSampleSize, static_cast<std::size_t>(kCandidates * static_cast<double>(num_rays)));
}

Samples ray_samples(std::size_t count, std::uint64_t view) {
  return draw_samples(kTries, kSampleSize, count, view);
}

std::optional<RayCamera> camera_from_rays(const RayMap& rays, Size size, const Samples& samples,
                                          const std::optional<std::array<double, 9>>& known) {
  const std::vector<Pair> pairs = pairs_of(rays, size, known);
  std::optional<Eigen::Matrix3d> fitted = robust_homography(pairs, samples);
  if (!fitted || !fitted->allFinite() || std::abs(fitted->determinant()) < 1e-12) return std::nullopt;
  if (fitted->determinant() < 0) *fitted = -*fitted;
  RayCamera result;
  Eigen::Matrix3d world_from_camera;
  if (known) {
    world_from_camera = nearest_rotation(*fitted);
    result.camera.intrinsics = *known;
    result.focal = {2 * (*known)[0] / size.width, 2 * (*known)[4] / size.height};
    result.principal_point = {2 * (*known)[2] / size.width, 2 * (*known)[5] / size.height};
  } else {
    const Factors factors = factors_of(*fitted);
    const Eigen::Matrix3d lower = factors.lower / factors.lower(2, 2);
    world_from_camera = factors.orthogonal;
    result.focal = {1 / lower(0, 0), 1 / lower(1, 1)};
    result.principal_point = {lower(2, 0) + 1, lower(2, 1) + 1};
    // The other entries of the lower factor are terms of perspective, not a principal point: the network puts
    // it in the middle.
    result.camera.intrinsics = {result.focal[0] * size.width / 2,
                                0,
                                size.width / 2.0,
                                0,
                                result.focal[1] * size.height / 2,
                                size.height / 2.0,
                                0,
                                0,
                                1};
  }
  const Origin origin = origin_of(rays, pairs);
  result.origin_spread = origin.spread;
  const Eigen::Matrix3d rotation = world_from_camera.transpose();
  set_pose(result.camera, {rotation, -(rotation * origin.mean)});
  for (const double value : result.camera.camera_from_world) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  if (!std::isfinite(result.camera.intrinsics[0]) || !std::isfinite(result.camera.intrinsics[4]))
    return std::nullopt;
  return result;
}

}  // namespace da3::scene
