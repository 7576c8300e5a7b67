// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <scene/gaussians.hpp>
#include <scene/harmonics.hpp>
#include <scene/similarity.hpp>

#include <testing/npz.hpp>

namespace da3::scene {
namespace {

/// The second view of a golden case.
struct Case {
  std::map<std::string, da3::testing::Array> arrays = da3::testing::read_npz(
      std::filesystem::path(DA3_TEST_DATA_DIR) / "golden/scene/gaussians_tiny-gs_s2_56x42.npz");
  std::vector<float> values;
  Camera camera;
  Size size{56, 42};

  Case() {
    for (std::size_t i = 0; i < size.area(); ++i) {
      const auto& raw = arrays.at("raw_gs").floats;
      values.insert(values.end(), raw.begin() + static_cast<std::ptrdiff_t>(37 * i),
                    raw.begin() + static_cast<std::ptrdiff_t>(37 * i + 37));
      values.push_back(arrays.at("raw_gs_conf").floats[i]);
    }
    for (std::size_t k = 0; k < 12; ++k) camera.camera_from_world[k] = arrays.at("extrinsics").floats[12 + k];
    for (std::size_t k = 0; k < 9; ++k) camera.intrinsics[k] = arrays.at("intrinsics").floats[9 + k];
  }
  std::vector<Gaussian> gaussians() const {
    return gaussians_of({size, values, arrays.at("depth").floats, camera}, 1);
  }
};

TEST(Gaussians, AreTheOriginals) {
  const Case golden;
  const std::vector<Gaussian> found = golden.gaussians();
  ASSERT_EQ(found.size(), golden.size.area());
  const auto at = [&](const std::string& name, std::size_t i) { return golden.arrays.at(name).floats.at(i); };
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double depth = at("depth", i);
    for (std::size_t k = 0; k < 3; ++k) {
      ASSERT_NEAR(found[i].mean[k], at("means", 3 * i + k), 5e-4 * depth) << i;
      ASSERT_NEAR(found[i].scale[k], at("scales", 3 * i + k), 1e-4 * std::abs(at("scales", 3 * i + k))) << i;
    }
    // The fourth number decides about the sign of all.
    const double sign =
        std::abs(at("rotations", 4 * i + 3)) < 1e-4 && found[i].rotation[0] * at("rotations", 4 * i) < 0 ? -1
                                                                                                         : 1;
    for (std::size_t k = 0; k < 4; ++k)
      ASSERT_NEAR(sign * found[i].rotation[k], at("rotations", 4 * i + k), 5e-4) << i;
    for (std::size_t k = 0; k < 27; ++k)
      ASSERT_NEAR(found[i].harmonics[k], at("harmonics", 27 * i + k), 1e-4) << i << " " << k;
    ASSERT_EQ(found[i].opacity, at("raw_gs_conf", i));
  }
}

// The original's file of the same view, row by row: place, colour, opacity, scale, rotation.
TEST(Gaussians, ChosenOnesAreTheOriginalsRows) {
  const Case golden;
  std::size_t unusable = 0;
  const std::vector<Gaussian> chosen =
      chosen_gaussians(golden.gaussians(), golden.size, golden.arrays.at("depth").floats, 90, unusable);
  const auto& ply = golden.arrays.at("ply");
  ASSERT_EQ(static_cast<std::int64_t>(chosen.size() + unusable), ply.shape[0]);
  EXPECT_EQ(unusable, 0U);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const float* const row = ply.floats.data() + 17 * i;
    for (std::size_t k = 0; k < 3; ++k) {
      ASSERT_NEAR(chosen[i].mean[k], row[k], 2e-3) << i;
      ASSERT_NEAR(chosen[i].harmonics[9 * k], row[6 + k], 1e-4);
      ASSERT_NEAR(std::log(chosen[i].scale[k]), row[10 + k], 1e-3);
    }
  }
}

TEST(Gaussians, OfNoUseAreCounted) {
  const Case golden;
  std::vector<Gaussian> all = golden.gaussians();
  const std::size_t middle = all.size() / 2 + 20;
  all[middle].scale[1] = -1;
  all[middle + 1].mean[0] = std::numeric_limits<float>::quiet_NaN();
  std::size_t unusable = 0;
  const auto chosen = chosen_gaussians(all, golden.size, golden.arrays.at("depth").floats, 100, unusable);
  EXPECT_EQ(unusable, 2U);
  // 1 row and 1 column at each border.
  EXPECT_EQ(chosen.size(), std::size_t{54} * 40 - 2);
}

TEST(Harmonics, TurnsComposeAndAFullTurnIsNone) {
  const auto about_z = [](double angle) {
    return std::array<double, 9>{
        std::cos(angle), -std::sin(angle), 0, std::sin(angle), std::cos(angle), 0, 0, 0, 1};
  };
  std::array<float, 27> start{};
  for (std::size_t k = 0; k < start.size(); ++k)
    start[k] = static_cast<float>(std::sin(3.0 * static_cast<double>(k) + 1));
  std::array<float, 27> once = start;
  HarmonicsRotation(about_z(0.8)).apply(once);
  std::array<float, 27> twice = start;
  HarmonicsRotation(about_z(0.5)).apply(twice);
  HarmonicsRotation(about_z(0.3)).apply(twice);
  for (std::size_t k = 0; k < start.size(); ++k) {
    EXPECT_NEAR(once[k], twice[k], 1e-5);
    if (k % 9 == 0) {
      EXPECT_EQ(once[k], start[k]);
    }
  }
  EXPECT_GT(std::abs(once[1] - start[1]), 1e-2);
}

/// The colour that real harmonics of degree 1 give in a direction, in the order of 3D Gaussian splatting.
double first_degree(const std::array<float, 27>& h, double x, double y, double z) {
  return -h[1] * y + h[2] * z - h[3] * x;
}

TEST(Harmonics, LookTheSameFromTheTurnedDirection) {
  std::array<float, 27> harmonics{0, 0.3F, -0.7F, 0.2F};
  const double before = first_degree(harmonics, 0.6, 0.0, 0.8);
  HarmonicsRotation({0, -1, 0, 1, 0, 0, 0, 0, 1}).apply(harmonics);  // x to y, y to -x
  EXPECT_NEAR(first_degree(harmonics, 0.0, 0.6, 0.8), before, 1e-6);
}

TEST(Gaussians, MoveWithTheirWorld) {
  Case golden;
  std::vector<Gaussian> moved_after = golden.gaussians();
  // Twice as large, a quarter turn about z, moved: the same as from a camera moved so.
  const Similarity similarity{2, {0, -1, 0, 1, 0, 0, 0, 0, 1}, {5, -3, 1}};
  const std::vector<Gaussian> before = moved_after;
  move_gaussians(similarity, moved_after);
  for (std::size_t i = 0; i < before.size(); i += 97) {
    EXPECT_NEAR(moved_after[i].mean[0], 5 - 2 * before[i].mean[1], 1e-4);
    EXPECT_NEAR(moved_after[i].mean[1], -3 + 2 * before[i].mean[0], 1e-4);
    EXPECT_NEAR(moved_after[i].scale[2], 2 * before[i].scale[2], 1e-6);
    const auto& q = before[i].rotation;
    const double h = std::sqrt(0.5);  // (h, 0, 0, h) times q
    EXPECT_NEAR(moved_after[i].rotation[0], h * (q[0] - q[3]), 1e-5);
    EXPECT_NEAR(moved_after[i].rotation[3], h * (q[3] + q[0]), 1e-5);
  }
}

TEST(Similarities, ComeBackAndCarryCamerasOntoEachOther) {
  const Case golden;
  const Similarity similarity{2, {0, -1, 0, 1, 0, 0, 0, 0, 1}, {5, -3, 1}};
  const std::array<double, 3> point{0.3, -2, 7};
  const auto back = moved(inverted(similarity), moved(similarity, point));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(back[k], point[k], 1e-12);
  Camera other = golden.camera;
  other = moved(Similarity{1, similarity.rotation, {1, 2, 3}}, other);
  const Camera carried = moved(between(golden.camera, other), other);
  for (std::size_t k = 0; k < 12; ++k)
    EXPECT_NEAR(carried.camera_from_world[k], golden.camera.camera_from_world[k], 1e-6);
}

}  // namespace
}  // namespace da3::scene
