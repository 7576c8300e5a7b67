// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <scene/given_cameras.hpp>
#include <scene/linear_algebra.hpp>

namespace da3::scene {
namespace {

constexpr double kOriginalFloor = 0.1;
constexpr double kFloor = 1e-9;  ///< Of the largest coordinate: below it distances are rounding errors

double lower_median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double largest_coordinate(std::span<const Camera> cameras) {
  double largest = 0;
  for (const Camera& camera : cameras) {
    for (const double value : centre_of(camera)) largest = std::max(largest, std::abs(value));
  }
  return largest;
}

/// What translations are divided by. `distances`: of all centres from the first one, its own zero included.
double unit_of(const std::vector<double>& distances, double largest, Normalisation rule) {
  const double median = lower_median(distances);
  if (rule == Normalisation::kOriginal) return std::max(median, kOriginalFloor);
  const double unit = distances.size() == 2 ? distances[1] : median;
  // Cameras in one place keep their unit.
  return unit > kFloor * largest ? unit : 1;
}

}  // namespace

std::vector<Camera> normalised_cameras(std::span<const Camera> cameras, Normalisation rule) {
  std::vector<Camera> result(cameras.begin(), cameras.end());
  const Pose first = pose_of(cameras.front());
  std::vector<double> distances;
  for (Camera& camera : result) {
    const Pose pose = pose_of(camera);
    // The difference of the centres, so that large coordinates cancel before they are rotated.
    const Eigen::Vector3d centre = first.rotation * (pose.centre() - first.centre());
    const Eigen::Matrix3d rotation = pose.rotation * first.rotation.transpose();
    set_pose(camera, {rotation, -(rotation * centre)});
    distances.push_back(centre.norm());
  }
  const double unit = unit_of(distances, largest_coordinate(cameras), rule);
  for (Camera& camera : result) {
    for (const std::size_t i : {3U, 7U, 11U}) camera.camera_from_world[i] /= unit;
  }
  return result;
}

std::array<double, 9> camera_encoding(const Camera& camera, Size size) {
  const Pose pose = pose_of(camera);
  const Eigen::Vector3d centre = pose.centre();
  Eigen::Quaterniond turn(Eigen::Matrix3d(pose.rotation.transpose()));
  turn.normalize();
  if (turn.w() < 0) turn.coeffs() = -turn.coeffs();
  return {centre.x(),
          centre.y(),
          centre.z(),
          turn.x(),
          turn.y(),
          turn.z(),
          turn.w(),
          2 * std::atan(size.height / 2.0 / camera.intrinsics[4]),
          2 * std::atan(size.width / 2.0 / camera.intrinsics[0])};
}

}  // namespace da3::scene
