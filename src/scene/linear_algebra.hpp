// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <numbers>

#include <Eigen/Dense>
#include <scene/scene.hpp>

#include <da3/camera.hpp>

// Between the plain arrays of this module's face and Eigen, which stays inside.
namespace da3::scene {

using RowMatrix3 = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;

inline Eigen::Matrix3d matrix_of(const std::array<double, 9>& values) {
  return Eigen::Map<const RowMatrix3>(values.data());
}

inline std::array<double, 9> array_of(const Eigen::Matrix3d& matrix) {
  std::array<double, 9> values;
  Eigen::Map<RowMatrix3>(values.data()) = matrix;
  return values;
}

inline std::array<double, 3> array_of(const Eigen::Vector3d& vector) {
  return {vector.x(), vector.y(), vector.z()};
}

/// camera_from_world in its two parts.
struct Pose {
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();

  Eigen::Vector3d centre() const { return -(rotation.transpose() * translation); }
};

inline Pose pose_of(const Camera& camera) {
  const Eigen::Map<const Eigen::Matrix<double, 3, 4, Eigen::RowMajor>> whole(camera.camera_from_world.data());
  return {whole.leftCols<3>(), whole.col(3)};
}

inline void set_pose(Camera& camera, const Pose& pose) {
  Eigen::Map<Eigen::Matrix<double, 3, 4, Eigen::RowMajor>> whole(camera.camera_from_world.data());
  whole.leftCols<3>() = pose.rotation;
  whole.col(3) = pose.translation;
}

/// The rotation nearest to a matrix in the Frobenius norm.
inline Eigen::Matrix3d nearest_rotation(const Eigen::Matrix3d& matrix) {
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(matrix, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const double sign = svd.matrixU().determinant() * svd.matrixV().determinant() < 0 ? -1.0 : 1.0;
  return svd.matrixU() * Eigen::Vector3d(1, 1, sign).asDiagonal() * svd.matrixV().transpose();
}

inline double angle_deg(const Eigen::Matrix3d& rotation) {
  return Eigen::AngleAxisd(rotation).angle() * 180.0 / std::numbers::pi;
}

}  // namespace da3::scene
