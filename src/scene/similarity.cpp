// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <scene/linear_algebra.hpp>
#include <scene/similarity.hpp>

namespace da3::scene {
namespace {

Eigen::Vector3d vector_of(const std::array<double, 3>& values) {
  return {values[0], values[1], values[2]};
}

}  // namespace

std::array<double, 3> moved(const Similarity& similarity, const std::array<double, 3>& point) {
  return array_of(Eigen::Vector3d(similarity.scale * (matrix_of(similarity.rotation) * vector_of(point)) +
                                  vector_of(similarity.translation)));
}

Camera moved(const Similarity& similarity, const Camera& camera) {
  const Pose pose = pose_of(camera);
  const Eigen::Vector3d centre =
      similarity.scale * (matrix_of(similarity.rotation) * pose.centre()) + vector_of(similarity.translation);
  Camera result = camera;
  const Eigen::Matrix3d rotation = pose.rotation * matrix_of(similarity.rotation).transpose();
  set_pose(result, {rotation, -(rotation * centre)});
  return result;
}

Similarity inverted(const Similarity& similarity) {
  const Eigen::Matrix3d rotation = matrix_of(similarity.rotation).transpose();
  const Eigen::Vector3d translation(similarity.translation[0], similarity.translation[1],
                                    similarity.translation[2]);
  return {1 / similarity.scale, array_of(rotation),
          array_of(Eigen::Vector3d(-(rotation * translation) / similarity.scale))};
}

Similarity between(const Camera& to, const Camera& from) {
  const Pose there = pose_of(to);
  const Pose here = pose_of(from);
  const Eigen::Matrix3d rotation = there.rotation.transpose() * here.rotation;
  return {1, array_of(rotation), array_of(Eigen::Vector3d(there.centre() - rotation * here.centre()))};
}

Similarity composed(const Similarity& outer, const Similarity& inner) {
  const Eigen::Matrix3d rotation = matrix_of(outer.rotation) * matrix_of(inner.rotation);
  return {outer.scale * inner.scale, array_of(rotation), moved(outer, inner.translation)};
}

Similarity fitted_similarity(std::span<const std::array<double, 3>> to,
                             std::span<const std::array<double, 3>> from, std::span<const double> weights,
                             ScaleRule rule) {
  const auto weight = [&](std::size_t i) { return weights.empty() ? 1.0 : weights[i]; };
  double sum = 0;
  Eigen::Vector3d middle_to = Eigen::Vector3d::Zero();
  Eigen::Vector3d middle_from = Eigen::Vector3d::Zero();
  for (std::size_t i = 0; i < to.size(); ++i) {
    sum += weight(i);
    middle_to += weight(i) * vector_of(to[i]);
    middle_from += weight(i) * vector_of(from[i]);
  }
  middle_to /= sum;
  middle_from /= sum;
  double spread_to = 0;
  double spread_from = 0;
  Eigen::Matrix3d covariance = Eigen::Matrix3d::Zero();
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Eigen::Vector3d a = vector_of(to[i]) - middle_to;
    const Eigen::Vector3d b = vector_of(from[i]) - middle_from;
    spread_to += weight(i) * a.squaredNorm();
    spread_from += weight(i) * b.squaredNorm();
    covariance += weight(i) * a * b.transpose();
  }
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(covariance, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const double sign = svd.matrixU().determinant() * svd.matrixV().determinant() < 0 ? -1.0 : 1.0;
  const Eigen::Vector3d signs(1, 1, sign);
  const Eigen::Matrix3d rotation = svd.matrixU() * signs.asDiagonal() * svd.matrixV().transpose();
  const double scale = rule == ScaleRule::kLeastSquares ? svd.singularValues().dot(signs) / spread_from
                                                        : std::sqrt(spread_to / spread_from);
  return {scale, array_of(rotation), array_of(Eigen::Vector3d(middle_to - scale * (rotation * middle_from)))};
}

}  // namespace da3::scene
