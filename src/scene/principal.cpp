// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <Eigen/Dense>
#include <scene/principal.hpp>

#include <image/order_statistics.hpp>

namespace da3::scene {
namespace {

using Vectors = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

Vectors matrix_of(std::span<const float> vectors, std::size_t channels) {
  return {vectors.data(), static_cast<Eigen::Index>(vectors.size() / channels),
          static_cast<Eigen::Index>(channels)};
}

/// The sum of products of all pairs of channels, a block of vectors at a time.
Eigen::MatrixXd scatter_of(const Vectors& vectors, const Eigen::VectorXd& mean) {
  constexpr Eigen::Index kBlock = 1024;
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(mean.size(), mean.size());
  for (Eigen::Index begin = 0; begin < vectors.rows(); begin += kBlock) {
    const Eigen::MatrixXd block =
        vectors.middleRows(begin, std::min(kBlock, vectors.rows() - begin)).cast<double>().rowwise() -
        mean.transpose();
    sum.selfadjointView<Eigen::Lower>().rankUpdate(block.transpose());
  }
  return sum;
}

std::uint8_t level(double value, double low, double high) {
  if (!(high > low)) return 128;
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp((value - low) / (high - low), 0.0, 1.0)));
}

}  // namespace

PrincipalDirections principal_directions(std::span<const float> vectors, std::size_t channels) {
  const Vectors rows = matrix_of(vectors, channels);
  const Eigen::VectorXd mean = rows.cast<double>().colwise().mean().transpose();
  // Eigenvalues grow.
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scatter_of(rows, mean));
  PrincipalDirections result;
  result.mean.assign(mean.data(), mean.data() + mean.size());
  for (std::size_t k = 0; k < 3; ++k) {
    result.directions[k].assign(channels, 0);
    const auto from_last = static_cast<Eigen::Index>(k) + 1;
    if (from_last > mean.size()) continue;
    Eigen::VectorXd direction = solver.eigenvectors().col(mean.size() - from_last);
    Eigen::Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction[largest] < 0) direction = -direction;
    std::copy_n(direction.data(), direction.size(), result.directions[k].begin());
  }
  return result;
}

std::vector<std::uint8_t> principal_colours(std::span<const float> vectors, std::size_t channels) {
  const PrincipalDirections found = principal_directions(vectors, channels);
  const Vectors rows = matrix_of(vectors, channels);
  const Eigen::Map<const Eigen::VectorXd> mean(found.mean.data(), rows.cols());
  std::vector<std::uint8_t> colours(static_cast<std::size_t>(rows.rows()) * 3);
  for (std::size_t k = 0; k < 3; ++k) {
    const Eigen::Map<const Eigen::VectorXd> direction(found.directions[k].data(), rows.cols());
    std::vector<float> places(static_cast<std::size_t>(rows.rows()));
    for (Eigen::Index row = 0; row < rows.rows(); ++row) {
      places[static_cast<std::size_t>(row)] =
          static_cast<float>((rows.row(row).transpose().cast<double>() - mean).dot(direction));
    }
    constexpr std::array<double, 2> kEnds{10, 90};
    const std::vector<double> ends = image::percentiles(places, kEnds);
    for (std::size_t i = 0; i < places.size(); ++i) colours[3 * i + k] = level(places[i], ends[0], ends[1]);
  }
  return colours;
}

}  // namespace da3::scene
