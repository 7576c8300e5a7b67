// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <scene/given_cameras.hpp>

#include <testing/npz.hpp>

namespace da3::scene {
namespace {

std::map<std::string, da3::testing::Array> read(const std::string& name) {
  return da3::testing::read_npz(std::filesystem::path(DA3_TEST_DATA_DIR) / "golden/scene" / name);
}

std::vector<Camera> cameras_of(const da3::testing::Array& matrices) {
  std::vector<Camera> cameras(static_cast<std::size_t>(matrices.shape[0]));
  for (std::size_t i = 0; i < cameras.size(); ++i)
    for (std::size_t k = 0; k < 12; ++k) cameras[i].camera_from_world[k] = matrices.floats[16 * i + k];
  return cameras;
}

TEST(NormalisedCameras, AreTheOriginals) {
  const auto arrays = read("cameras_normalise.npz");
  for (const std::string number : {"0", "1", "2", "3", "4"}) {
    const std::vector<Camera> found =
        normalised_cameras(cameras_of(arrays.at("extrinsics" + number)), Normalisation::kOriginal);
    const std::vector<Camera> expected = cameras_of(arrays.at("normalised" + number));
    for (std::size_t i = 0; i < found.size(); ++i)
      for (std::size_t k = 0; k < 12; ++k)
        EXPECT_NEAR(found[i].camera_from_world[k], expected[i].camera_from_world[k], 1e-4)
            << number << " " << i << " " << k;
  }
}

TEST(NormalisedCameras, OursDiffersOnlyForTwoAndForSmallUnits) {
  const auto arrays = read("cameras_normalise.npz");
  int equal = 0;
  for (const std::string number : {"0", "1", "2", "3", "4"}) {
    std::vector<Camera> given = cameras_of(arrays.at("extrinsics" + number));
    const std::vector<Camera> ours = normalised_cameras(given);
    equal +=
        ours[1].camera_from_world == normalised_cameras(given, Normalisation::kOriginal)[1].camera_from_world
            ? 1
            : 0;
    // Whatever the unit.
    for (Camera& camera : given)
      for (const std::size_t k : {3U, 7U, 11U}) camera.camera_from_world[k] *= 1e-6;
    const std::vector<Camera> small = normalised_cameras(given);
    for (std::size_t i = 0; i < ours.size(); ++i)
      for (std::size_t k = 0; k < 12; ++k)
        EXPECT_NEAR(small[i].camera_from_world[k], ours[i].camera_from_world[k], 1e-4) << number;
    if (ours.size() == 2) {
      const auto centre = centre_of(ours[1]);
      EXPECT_NEAR(std::hypot(centre[0], centre[1], centre[2]), 1, 1e-6);
    }
  }
  EXPECT_GE(equal, 2);
}

TEST(NormalisedCameras, CamerasInOnePlaceStayThere) {
  std::vector<Camera> given(3);
  for (Camera& camera : given) camera.camera_from_world = {1, 0, 0, -4e6, 0, 1, 0, 5e5, 0, 0, 1, 7};
  for (const Camera& camera : normalised_cameras(given))
    EXPECT_EQ(centre_of(camera), (std::array<double, 3>{}));
  EXPECT_EQ(normalised_cameras(std::span(given).first(1)).size(), 1U);
}

TEST(CameraEncoding, IsTheOriginals) {
  const auto arrays = read("cameras_tiny_s3_112x70.npz");
  std::vector<Camera> cameras = cameras_of(arrays.at("input_extrinsics"));
  for (std::size_t i = 0; i < cameras.size(); ++i)
    for (std::size_t k = 0; k < 9; ++k)
      cameras[i].intrinsics[k] = arrays.at("input_intrinsics").floats[9 * i + k];
  cameras = normalised_cameras(cameras, Normalisation::kOriginal);
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    const auto found = camera_encoding(cameras[i], {112, 70});
    for (std::size_t k = 0; k < 9; ++k)
      EXPECT_NEAR(found[k], arrays.at("pose_encoding_in").floats[9 * i + k], 1e-4) << i << " " << k;
  }
}

TEST(CameraEncoding, HasNoNegativeW) {
  Camera camera;  // Half a turn about y and a little more: w would be below 0 by the plain formula.
  const double angle = 3.2;
  camera.camera_from_world = {std::cos(angle), 0, -std::sin(angle), 0, 0, 1, 0, 0,
                              std::sin(angle), 0, std::cos(angle),  0};
  camera.intrinsics = {100, 0, 50, 0, 100, 50, 0, 0, 1};
  const auto found = camera_encoding(camera, {100, 100});
  EXPECT_GE(found[6], 0);
  EXPECT_NEAR(std::abs(found[4]), std::abs(std::sin(angle / 2)), 1e-9);
}

}  // namespace
}  // namespace da3::scene
