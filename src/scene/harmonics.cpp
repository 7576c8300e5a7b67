// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <Eigen/Dense>
#include <scene/harmonics.hpp>
#include <scene/linear_algebra.hpp>

namespace da3::scene {
namespace {

using Vector5 = Eigen::Matrix<double, 5, 1>;
using Matrix5 = Eigen::Matrix<double, 5, 5>;

/// Real harmonics of degree 2 with y as the pole, in the order of e3nn, up to one common factor.
Vector5 second_degree(const Eigen::Vector3d& v) {
  const double root3 = std::sqrt(3.0);
  Vector5 values;
  values << root3 * v.x() * v.z(), root3 * v.x() * v.y(),
      v.y() * v.y() - 0.5 * (v.x() * v.x() + v.z() * v.z()), root3 * v.y() * v.z(),
      0.5 * root3 * (v.z() * v.z() - v.x() * v.x());
  return values;
}

/// The matrix D with Y(Q v) = D Y(v) for all v: from five directions at which the five functions are
/// independent.
Matrix5 second_degree_rotation(const Eigen::Matrix3d& rotation) {
  const std::array<Eigen::Vector3d, 5> directions{Eigen::Vector3d(1, 0, 0), Eigen::Vector3d(0, 1, 0),
                                                  Eigen::Vector3d(1, 1, 0), Eigen::Vector3d(1, 0, 1),
                                                  Eigen::Vector3d(0, 1, 1)};
  Matrix5 before;
  Matrix5 after;
  for (int i = 0; i < 5; ++i) {
    before.col(i) = second_degree(directions[static_cast<std::size_t>(i)]);
    after.col(i) = second_degree(rotation * directions[static_cast<std::size_t>(i)]);
  }
  return after * before.inverse();
}

}  // namespace

// The network's harmonics were trained with a rotation that permutes axes (x, y, z) to (y, z, x) and turns by
// Wigner matrices D(alpha, -beta, gamma), where (alpha, beta, gamma) are the angles of the permuted rotation.
// Turning beta around is the same as conjugating with a half turn about the pole y: D(alpha, -beta, gamma) =
// D(T R' T).
HarmonicsRotation::HarmonicsRotation(const std::array<double, 9>& rotation) {
  Eigen::Matrix3d permutation;
  permutation << 0, 0, 1, 1, 0, 0, 0, 1, 0;
  const Eigen::Vector3d half_turn(-1, 1, -1);
  const Eigen::Matrix3d turned = half_turn.asDiagonal() *
                                 (permutation.transpose() * matrix_of(rotation) * permutation) *
                                 half_turn.asDiagonal();
  first_ = array_of(turned);
  Eigen::Map<Eigen::Matrix<double, 5, 5, Eigen::RowMajor>>(second_.data()) = second_degree_rotation(turned);
}

void HarmonicsRotation::apply(std::array<float, 27>& harmonics) const {
  const Eigen::Map<const RowMatrix3> first(first_.data());
  const Eigen::Map<const Eigen::Matrix<double, 5, 5, Eigen::RowMajor>> second(second_.data());
  for (std::size_t colour = 0; colour < 3; ++colour) {
    float* const bands = harmonics.data() + 9 * colour;
    Eigen::Map<Eigen::Vector3f> one(bands + 1);
    one = (first * one.cast<double>()).cast<float>().eval();
    Eigen::Map<Eigen::Matrix<float, 5, 1>> two(bands + 4);
    two = (second * two.cast<double>()).cast<float>().eval();
  }
}

}  // namespace da3::scene
