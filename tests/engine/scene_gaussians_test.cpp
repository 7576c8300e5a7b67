// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <scene/gaussians.hpp>
#include <scene/given_cameras.hpp>

#include <engine/scene_sight.hpp>

// Gaussians from pictures to their last numbers, against the original.
namespace da3::engine {
namespace {

/// All Gaussians of a scene, view by view, from what the network gave.
std::vector<scene::Gaussian> gaussians_of(Sight& sight, const at::Tensor& depth, const at::Tensor& extrinsics,
                                          const at::Tensor& intrinsics) {
  const Size size{static_cast<int>(sight.image.size(3)), static_cast<int>(sight.image.size(4))};
  std::vector<scene::Gaussian> all;
  for (std::int64_t view = 0; view < sight.image.size(1); ++view) {
    const at::Tensor raw = sight.outputs.at("gaussians")[0][view].contiguous();
    const at::Tensor map = depth[0][view].contiguous();
    Camera camera;
    for (std::int64_t k = 0; k < 12; ++k)
      camera.camera_from_world[static_cast<std::size_t>(k)] = extrinsics[0][view].flatten()[k].item<double>();
    for (std::int64_t k = 0; k < 9; ++k)
      camera.intrinsics[static_cast<std::size_t>(k)] = intrinsics[0][view].flatten()[k].item<double>();
    const std::span values(raw.const_data_ptr<float>(), static_cast<std::size_t>(raw.numel()));
    const std::span depths(map.const_data_ptr<float>(), static_cast<std::size_t>(map.numel()));
    const auto part = scene::gaussians_of({size, values, depths, camera}, static_cast<std::uint32_t>(view));
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

/// Every fifth Gaussian is stored. `enlarged`: by how much the original's are larger.
void expect_gaussians(const std::vector<scene::Gaussian>& found, const Arrays& expected, double enlarged) {
  constexpr std::size_t kStep = 5;
  const auto at = [&](const std::string& name, std::size_t i) {
    return double{expected.at(name).floats.at(i)};
  };
  ASSERT_EQ((found.size() + kStep - 1) / kStep, static_cast<std::size_t>(expected.at("means").shape[0]));
  for (std::size_t row = 0; row * kStep < found.size(); ++row) {
    const scene::Gaussian& each = found[row * kStep];
    double reach = 1;
    for (std::size_t k = 0; k < 3; ++k) reach = std::max(reach, std::abs(at("means", 3 * row + k)));
    for (std::size_t k = 0; k < 3; ++k) {
      ASSERT_NEAR(enlarged * each.mean[k], at("means", 3 * row + k), 5e-4 * reach) << row;
      ASSERT_NEAR(enlarged * each.scale[k], at("scales", 3 * row + k),
                  2e-4 * std::abs(at("scales", 3 * row + k)) + 1e-6)
          << row;
    }
    // Where the fourth number is about 0 rounding decides the sign of all.
    const double sign =
        std::abs(at("rotations", 4 * row + 3)) < 1e-3 && each.rotation[0] * at("rotations", 4 * row) < 0 ? -1
                                                                                                         : 1;
    for (std::size_t k = 0; k < 4; ++k)
      ASSERT_NEAR(sign * each.rotation[k], at("rotations", 4 * row + k), 1e-3) << row;
    for (std::size_t k = 0; k < 27; ++k)
      ASSERT_NEAR(each.harmonics[k], at("harmonics", 27 * row + k), 1e-4) << row;
  }
}

TEST(SceneGaussians, GaussiansOfGivenCamerasAreTheOriginals) {
  Sight sight("tiny-gs", "gaussians_tiny-gs_s3_42x56_posed", {}, kNewestLayout);
  std::vector<Camera> given(3);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 12; ++k)
      given[i].camera_from_world[k] = sight.expected.at("input_extrinsics").floats[16 * i + k];
    for (std::size_t k = 0; k < 9; ++k)
      given[i].intrinsics[k] = sight.expected.at("input_intrinsics").floats[9 * i + k];
  }
  std::vector<float> numbers;
  for (const Camera& camera : scene::normalised_cameras(given, scene::Normalisation::kOriginal)) {
    for (const double number : scene::camera_encoding(camera, {42, 56}))
      numbers.push_back(static_cast<float>(number));
  }
  const at::Tensor cameras = at::tensor(at::ArrayRef<float>(numbers)).view({1, 3, 9});
  sight.wish("camera_tokens", sight.module.get_method("camera_tokens")({cameras}).toTensor());
  sight.wish("gaussians");
  sight.run();
  const auto predicted = sight.cameras();
  constexpr double kPoseScale = 1.3021271;  // Of the predicted cameras to the normalised ones
  expect_gaussians(
      gaussians_of(sight, sight.outputs.at("depth"), predicted.at("extrinsics"), predicted.at("intrinsics")),
      sight.expected, kPoseScale);
}

TEST(SceneGaussians, GaussiansOfANestedNetworkAreTheOriginalsBeforeMetres) {
  Sight sight("tiny-nested-gs", "gaussians_tiny-nested-gs_s3_42x42", {}, kNewestLayout);
  sight.wish("gaussians");
  sight.run();
  EXPECT_TRUE(
      matches(sight.outputs.at("extrinsics")[0], sight.expected.at("extrinsics"), kExtrinsicsTolerance));
  const at::Tensor scale = sight.outputs.at("scale");
  const auto parts = sight.outputs.at("extrinsics").split_with_sizes({3, 1}, -1);
  const at::Tensor extrinsics = at::cat({parts[0], parts[1] / scale}, -1);
  expect_gaussians(
      gaussians_of(sight, sight.outputs.at("relative_depth"), extrinsics, sight.outputs.at("intrinsics")),
      sight.expected, 1);
}

}  // namespace
}  // namespace da3::engine
