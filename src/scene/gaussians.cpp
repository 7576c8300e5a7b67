// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <scene/gaussians.hpp>
#include <scene/harmonics.hpp>
#include <scene/linear_algebra.hpp>

namespace da3::scene {
namespace {

// Where the numbers of a pixel are.
constexpr std::size_t kOffset = 0;
constexpr std::size_t kScale = 2;
constexpr std::size_t kQuaternion = 5;
constexpr std::size_t kHarmonics = 9;
constexpr std::size_t kDepth = 36;
constexpr std::size_t kOpacity = 37;

constexpr double kSmallest = 1e-5;  ///< Bounds of a scale, in the size of a pixel at its depth
constexpr double kLargest = 30;
constexpr double kPixelShare = 0.1;
constexpr double kBand[] = {1, 0.025, 0.025, 0.025, 0.00625, 0.00625, 0.00625, 0.00625, 0.00625};
constexpr double kBorder = 8.0 / 256;

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

/// The orientation as the network was trained with it. Twice its four numbers are read in another order than
/// they are written; both are part of what it learned and stay as they are.
std::array<float, 4> orientation(const float* raw, const Eigen::Matrix3d& world_from_camera) {
  const double length = std::sqrt(double{raw[0]} * raw[0] + double{raw[1]} * raw[1] +
                                  double{raw[2]} * raw[2] + double{raw[3]} * raw[3]) +
                        1e-8;
  Eigen::Quaterniond read(raw[2] / length, raw[3] / length, raw[0] / length, raw[1] / length);
  read.normalize();
  Eigen::Quaterniond turned(Eigen::Matrix3d(world_from_camera * read.toRotationMatrix()));
  if (turned.w() < 0) turned.coeffs() = -turned.coeffs();
  return {static_cast<float>(turned.x()), static_cast<float>(turned.y()), static_cast<float>(turned.z()),
          static_cast<float>(turned.w())};
}

}  // namespace

std::vector<Gaussian> gaussians_of(const RawGaussians& raw, std::uint32_t view) {
  const Pose pose = pose_of(raw.camera);
  const Eigen::Matrix3d world_from_camera = pose.rotation.transpose();
  const Eigen::Vector3d centre = pose.centre();
  const Eigen::Matrix3d ray = matrix_of(raw.camera.intrinsics).inverse();
  const double pixel = kPixelShare * (1 / raw.camera.intrinsics[0] + 1 / raw.camera.intrinsics[4]);
  const HarmonicsRotation turn(array_of(world_from_camera));
  std::vector<Gaussian> gaussians(raw.size.area());
  for (std::size_t i = 0; i < gaussians.size(); ++i) {
    const float* const from = raw.values.data() + kRawGaussian * i;
    Gaussian& to = gaussians[i];
    const double depth = double{raw.depth[i]} + from[kDepth];
    const auto width = static_cast<std::size_t>(raw.size.width);
    const double x = static_cast<double>(i % width) + 0.5 + from[kOffset];
    const double y = static_cast<double>(i / width) + 0.5 + from[kOffset + 1];
    const Eigen::Vector3d direction = (ray * Eigen::Vector3d(x, y, 1)).normalized();
    const Eigen::Vector3d mean = centre + depth * (world_from_camera * direction);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      to.mean[axis] = static_cast<float>(mean[static_cast<Eigen::Index>(axis)]);
      to.scale[axis] = static_cast<float>(
          (kSmallest + (kLargest - kSmallest) * sigmoid(from[kScale + axis])) * depth * pixel);
    }
    to.rotation = orientation(from + kQuaternion, world_from_camera);
    for (std::size_t k = 0; k < to.harmonics.size(); ++k) {
      to.harmonics[k] = static_cast<float>(from[kHarmonics + k] * kBand[k % 9]);
    }
    turn.apply(to.harmonics);
    to.opacity = from[kOpacity];
    to.view = view;
  }
  return gaussians;
}

std::vector<Gaussian> chosen_gaussians(std::span<const Gaussian> all, Size size, std::span<const float> depth,
                                       double keep_percent, std::size_t& unusable) {
  std::vector<float> sorted(depth.begin(), depth.end());
  const double rank = keep_percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto lower = static_cast<std::ptrdiff_t>(rank);
  std::nth_element(sorted.begin(), sorted.begin() + lower, sorted.end());
  double farthest = sorted[static_cast<std::size_t>(lower)];
  if (lower + 1 < static_cast<std::ptrdiff_t>(sorted.size())) {
    const double next = *std::min_element(sorted.begin() + lower + 1, sorted.end());
    farthest += (next - farthest) * (rank - static_cast<double>(lower));
  }
  const int rows = static_cast<int>(kBorder * size.height);
  const int columns = static_cast<int>(kBorder * size.width);
  std::vector<Gaussian> chosen;
  for (int row = rows; row < size.height - rows; ++row) {
    for (int column = columns; column < size.width - columns; ++column) {
      const std::size_t i = static_cast<std::size_t>(row) * static_cast<std::size_t>(size.width) +
                            static_cast<std::size_t>(column);
      if (!(depth[i] <= farthest)) continue;
      const Gaussian& each = all[i];
      const bool fine = std::ranges::all_of(each.scale, [](float s) { return s > 0 && std::isfinite(s); }) &&
                        std::ranges::all_of(each.mean, [](float m) { return std::isfinite(m); }) &&
                        std::ranges::all_of(each.rotation, [](float q) { return std::isfinite(q); }) &&
                        std::ranges::all_of(each.harmonics, [](float h) { return std::isfinite(h); }) &&
                        std::isfinite(each.opacity);
      if (fine) {
        chosen.push_back(each);
      } else {
        ++unusable;
      }
    }
  }
  return chosen;
}

void move_gaussians(const Similarity& similarity, std::span<Gaussian> gaussians) {
  const Eigen::Matrix3d rotation = matrix_of(similarity.rotation);
  const Eigen::Quaterniond turn(rotation);
  const HarmonicsRotation harmonics(similarity.rotation);
  const Eigen::Vector3d translation(similarity.translation[0], similarity.translation[1],
                                    similarity.translation[2]);
  for (Gaussian& each : gaussians) {
    const Eigen::Vector3d mean = Eigen::Map<const Eigen::Vector3f>(each.mean.data()).cast<double>();
    Eigen::Map<Eigen::Vector3f>(each.mean.data()) =
        (similarity.scale * (rotation * mean) + translation).cast<float>();
    for (float& scale : each.scale) scale = static_cast<float>(scale * similarity.scale);
    const auto& q = each.rotation;
    const Eigen::Quaterniond turned = turn * Eigen::Quaterniond(q[0], q[1], q[2], q[3]);
    each.rotation = {static_cast<float>(turned.w()), static_cast<float>(turned.x()),
                     static_cast<float>(turned.y()), static_cast<float>(turned.z())};
    harmonics.apply(each.harmonics);
  }
}

}  // namespace da3::scene
