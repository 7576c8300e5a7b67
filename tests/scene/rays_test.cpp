// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <scene/rays.hpp>

#include <testing/npz.hpp>

namespace da3::scene {
namespace {

using Arrays = std::map<std::string, da3::testing::Array>;

/// Rays of four cameras, turned by 0, 25, 60 and 100 degrees.
struct Rays {
  explicit Rays(const std::string& name)
      : arrays(da3::testing::read_npz(std::filesystem::path(DA3_TEST_DATA_DIR) / "golden/scene" /
                                      ("rays_" + name + ".npz"))) {
    const auto& ray = arrays.at("ray");
    views = static_cast<std::size_t>(ray.shape[0]);
    rows = static_cast<int>(ray.shape[1]);
    columns = static_cast<int>(ray.shape[2]);
    for (std::size_t i = 0; i < arrays.at("ray_conf").floats.size(); ++i) {
      values.insert(values.end(), ray.floats.begin() + static_cast<std::ptrdiff_t>(6 * i),
                    ray.floats.begin() + static_cast<std::ptrdiff_t>(6 * i + 6));
      values.push_back(arrays.at("ray_conf").floats[i]);
    }
  }
  RayMap view(std::size_t i) const {
    const std::size_t each = values.size() / views;
    return {rows, columns, std::span(values).subspan(i * each, each)};
  }
  std::size_t count() const { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns); }
  float at(const std::string& name, std::size_t i) const { return arrays.at(name).floats.at(i); }
  Samples samples() const {
    Samples all;
    const auto& stored = arrays.at("ransac_samples");
    for (std::int64_t i = 0; i < stored.shape[0]; ++i) {
      auto& sample = all.emplace_back();
      for (std::int64_t j = 0; j < stored.shape[1]; ++j)
        sample.push_back(
            static_cast<std::size_t>(stored.floats[static_cast<std::size_t>(i * stored.shape[1] + j)]));
    }
    return all;
  }
  /// Angle between a camera's axes and the true ones.
  double error_deg(const Camera& camera, std::size_t view) const {
    double trace = 0;
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 3; ++c)
        trace += camera.camera_from_world[4 * c + r] * at("true_rotation_c2w", 9 * view + 3 * r + c);
    }
    return std::acos(std::min(1.0, (trace - 1) / 2)) * 180 / 3.14159265358979;
  }

  Arrays arrays;
  std::size_t views = 0;
  int rows = 0;
  int columns = 0;
  std::vector<float> values;
};

constexpr Size kSize{112, 160};

// The original's cameras from the same rays and the same samples: 3e-4, the tolerance of its own float32.
TEST(CameraFromRays, IsTheOriginals) {
  for (const std::string name : {"exact_28x40", "outliers_32x32"}) {
    const Rays rays(name);
    for (std::size_t i = 0; i < rays.views; ++i) {
      const auto found = camera_from_rays(rays.view(i), kSize, rays.samples());
      ASSERT_TRUE(found) << name << " " << i;
      for (std::size_t k = 0; k < 12; ++k)
        EXPECT_NEAR(found->camera.camera_from_world[k], rays.at("extrinsics", 12 * i + k), 3e-4)
            << name << " " << i;
      for (std::size_t k = 0; k < 2; ++k) {
        EXPECT_NEAR(1 / found->focal[k], 1 / rays.at("focal", 2 * i + k), 3e-4);
        EXPECT_NEAR(found->principal_point[k], rays.at("principal_point", 2 * i + k), 6e-4);
      }
    }
  }
}

TEST(CameraFromRays, OwnSamplesFindTheTrueCameraThroughOutliers) {
  const Rays rays("outliers_32x32");
  for (std::size_t i = 0; i < rays.views; ++i) {
    const auto found = camera_from_rays(rays.view(i), kSize, ray_samples(num_candidates(rays.count()), i));
    ASSERT_TRUE(found);
    EXPECT_LT(rays.error_deg(found->camera, i), 1.0) << i;
    const auto again = camera_from_rays(rays.view(i), kSize, ray_samples(num_candidates(rays.count()), i));
    EXPECT_EQ(found->camera.camera_from_world, again->camera.camera_from_world);
  }
}

// With the principal point known the rays say the rotation exactly; without, the original's factors are
// degrees off.
TEST(CameraFromRays, KnownIntrinsicsMakeAnOffCentreCameraExact) {
  const Rays rays("off_centre_28x40");
  for (std::size_t i = 0; i < rays.views; ++i) {
    const auto at = [&](const std::string& name, std::size_t k) {
      return static_cast<double>(rays.at(name, 2 * i + k));
    };
    const std::array<double, 9> known{at("true_focal", 0) * kSize.width / 2,
                                      0,
                                      at("true_principal_point", 0) * kSize.width / 2,
                                      0,
                                      at("true_focal", 1) * kSize.height / 2,
                                      at("true_principal_point", 1) * kSize.height / 2,
                                      0,
                                      0,
                                      1};
    const Samples samples = ray_samples(num_candidates(rays.count()), i);
    const auto with = camera_from_rays(rays.view(i), kSize, samples, known);
    ASSERT_TRUE(with);
    EXPECT_LT(rays.error_deg(with->camera, i), 0.05) << i;
    EXPECT_EQ(with->camera.intrinsics, known);
    const auto without = camera_from_rays(rays.view(i), kSize, samples);
    ASSERT_TRUE(without);
    EXPECT_GT(rays.error_deg(without->camera, i), 1.0) << i;
    EXPECT_EQ(without->camera.intrinsics[2], kSize.width / 2.0);
  }
}

TEST(CameraFromRays, RaysThatAreNoCameraGiveNone) {
  std::vector<float> values(std::size_t{7} * 16 * 16, 0.0F);  // No direction at all
  EXPECT_FALSE(camera_from_rays({16, 16, values}, kSize, ray_samples(num_candidates(256), 0)));
  for (std::size_t i = 0; i < 256; ++i) {  // All parallel
    values[7 * i + 2] = 1;
    values[7 * i + 6] = 2;
  }
  EXPECT_FALSE(camera_from_rays({16, 16, values}, kSize, ray_samples(num_candidates(256), 0)));
}

}  // namespace
}  // namespace da3::scene
