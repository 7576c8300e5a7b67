// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>

#include <cameras/readers.hpp>

#include <da3/error.hpp>

namespace da3::cameras {
namespace {

using Pose = std::array<double, 12>;  ///< (3, 4) row-major
using Vector = std::array<double, 3>;

/// The cofactors of the left 3x3 part: det times its transposed inverse.
std::array<Vector, 3> cofactors(const Pose& m) {
  std::array<Vector, 3> result{};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t r = 4 * ((i + 1) % 3);
    const std::size_t s = 4 * ((i + 2) % 3);
    for (std::size_t k = 0; k < 3; ++k) {
      const std::size_t c = (k + 1) % 3;
      const std::size_t d = (k + 2) % 3;
      result[i][k] = m[r + c] * m[s + d] - m[r + d] * m[s + c];
    }
  }
  return result;
}

double determinant(const Pose& m) {
  const Vector row = cofactors(m)[0];
  return m[0] * row[0] + m[1] * row[1] + m[2] * row[2];
}

/// The largest element of R R^T - 1.
double deviation_of_rows(const Pose& m) {
  double largest = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = i; j < 3; ++j) {
      const double product = m[4 * i] * m[4 * j] + m[4 * i + 1] * m[4 * j + 1] + m[4 * i + 2] * m[4 * j + 2];
      largest = std::max(largest, std::abs(product - (i == j ? 1 : 0)));
    }
  }
  return largest;
}

/// None if sound; else what is wrong with the camera.
std::optional<std::string> fault_of(const GivenCamera& camera) {
  const Pose& e = camera.camera_from_world;
  const auto& k = camera.intrinsics;
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(e.begin(), e.end(), finite) || !std::all_of(k.begin(), k.end(), finite)) {
    return "has a value that is not a finite number";
  }
  if (!(k[0] > 0) || !(k[4] > 0)) return "has a focal length that is not above 0";
  if (k[3] != 0 || k[6] != 0 || k[7] != 0 || k[8] != 1)
    return "has intrinsics that are no [fx s cx; 0 fy cy; 0 0 1]";
  constexpr double kTolerance = 1e-3;  // Text files with three digits are still rotations
  if (deviation_of_rows(e) > kTolerance) {
    return "has extrinsics whose left 3x3 part is no rotation (rows not of length 1 or not perpendicular)";
  }
  if (determinant(e) < 0) return "has extrinsics that mirror (determinant -1)";
  return std::nullopt;
}

/// The nearest rotation in the Frobenius norm, the orthogonal factor of the polar decomposition, by Newton's
/// iteration (Higham 1986); the centre stays.
Pose with_exact_rotation(const Pose& pose) {
  constexpr double kExact = 1e-14;  // Digits of a double: a rotation that is one keeps its bits
  if (deviation_of_rows(pose) <= kExact) return pose;
  const Pose back = inverted(pose);
  Pose exact = pose;
  constexpr int kSteps = 4;  // Errors are squared: from 1e-3 to below a double's in three
  for (int step = 0; step < kSteps; ++step) {
    const std::array<Vector, 3> adjoint = cofactors(exact);
    const double det = determinant(exact);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t k = 0; k < 3; ++k) exact[4 * i + k] = (exact[4 * i + k] + adjoint[i][k] / det) / 2;
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    exact[4 * i + 3] = -(exact[4 * i] * back[3] + exact[4 * i + 1] * back[7] + exact[4 * i + 2] * back[11]);
  }
  return exact;
}

}  // namespace

std::array<double, 12> inverted(const std::array<double, 12>& pose) {
  const std::array<Vector, 3> adjoint = cofactors(pose);
  // Without an inverse the cofactors are no rotation either, and the camera is refused as that.
  const double det = determinant(pose) != 0 ? determinant(pose) : 1;
  Pose inverse{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      inverse[4 * i + k] = adjoint[k][i] / det;
      inverse[4 * i + 3] -= inverse[4 * i + k] * pose[4 * k + 3];
    }
  }
  return inverse;
}

GivenCameras sound(GivenCameras given, Distortion distortion) {
  if (given.cameras.empty()) refuse("has no cameras");
  for (std::size_t i = 0; i < given.cameras.size(); ++i) {
    GivenCamera& camera = given.cameras[i];
    const std::string name =
        "camera " + std::to_string(i) + (camera.photo.empty() ? "" : " (" + camera.photo + ")");
    if (const auto fault = fault_of(camera)) refuse(name + " " + *fault);
    if (!camera.distortion.empty() && distortion == Distortion::kRefuse) {
      throw Error(ErrorCode::kUsage,
                  name + " has lens distortion (" + camera.distortion +
                      "), which the network does not know; undistort the photos, for example by `colmap "
                      "image_undistorter`, or give --ignore-distortion");
    }
    camera.camera_from_world = with_exact_rotation(camera.camera_from_world);
  }
  return given;
}

}  // namespace da3::cameras
