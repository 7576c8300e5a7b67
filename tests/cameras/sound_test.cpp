// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>

#include <cameras/given_cameras.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scene/scene.hpp>

#include <da3/error.hpp>

#include <testing/temporary_folder.hpp>

namespace da3::cameras {
namespace {

using da3::testing::TemporaryFolder;
using ::testing::HasSubstr;

// world_from_camera of 20, 30 and 40 degrees about z, y and x, as text with four digits, in OpenCV's axes.
constexpr const char* kRounded = R"([[0.8138, 0.0400, 0.5798, 500], [0.2962, 0.8298, -0.4730, 1000],
  [-0.5000, 0.5567, 0.6634, 50], [0, 0, 0, 1]])";
constexpr std::array<double, 9> kRotation{0.8138,  0.0400,  0.5798, 0.2962, 0.8298,
                                          -0.4730, -0.5000, 0.5567, 0.6634};
constexpr std::array<double, 3> kCentre{500, 1000, 50};

GivenCamera one(const GivenCameras& given) {
  EXPECT_EQ(given.cameras.size(), 1U);
  return given.cameras.at(0);
}

/// That it stands at `centre`, and that its rotation is one and the nearest to `rotation`, rounded in 1e-4.
void expect_pose(const GivenCamera& camera, const std::array<double, 9>& camera_axes_in_world,
                 const std::array<double, 3>& expected) {
  const auto& e = camera.camera_from_world;
  const std::array<double, 3> centre = scene::centre_of({e, {}});
  // A few of the last digits of coordinates of a thousand.
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(centre[i], expected[i], 1e-11) << i;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      const double product = e[4 * i] * e[4 * k] + e[4 * i + 1] * e[4 * k + 1] + e[4 * i + 2] * e[4 * k + 2];
      EXPECT_NEAR(product, i == k ? 1 : 0, 1e-14);
      EXPECT_NEAR(e[4 * i + k], camera_axes_in_world[3 * k + i], 1e-4);
    }
  }
}

GivenCameras read(TemporaryFolder& folder, const std::string& name, const std::string& text) {
  return read_cameras(folder.write(name, text));
}

TEST(SoundCameras, KeepTheCentreOfARoundedTransformMatrix) {
  TemporaryFolder folder;
  const std::string text = std::string(R"({"w": 640, "h": 480, "fl_x": 500, "frames": [
    {"file_path": "a.jpg", "transform_matrix": )") +
                           kRounded + "}]}";
  std::array<double, 9> opencv = kRotation;
  for (const std::size_t i : {1U, 2U, 4U, 5U, 7U, 8U}) opencv[i] = -opencv[i];
  expect_pose(one(read(folder, "transforms.json", text)), opencv, kCentre);
}

TEST(SoundCameras, KeepTheCentreOfRoundedExtrinsics) {
  // The transposed matrix as it is, and t = -R centre in full digits.
  GivenCamera camera{.photo = "a.jpg", .intrinsics = {500, 0, 320, 0, 500, 240, 0, 0, 1}};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      camera.camera_from_world[4 * i + k] = kRotation[3 * k + i];
      camera.camera_from_world[4 * i + 3] -= kRotation[3 * k + i] * kCentre[k];
    }
  }
  GivenCameras given;
  given.cameras = {camera};
  expect_pose(one(sound(given)), kRotation, kCentre);
}

TEST(SoundCameras, KeepTheBitsOfARotation) {
  GivenCameras given;
  given.cameras = {{.photo = "a.jpg",
                    .camera_from_world = {0.6, -0.8, 0, 5e6, 0.8, 0.6, 0, 1e-3, 0, 0, 1, 7},
                    .intrinsics = {500, 0, 320, 0, 500, 240, 0, 0, 1}}};
  EXPECT_EQ(one(sound(given)).camera_from_world, given.cameras[0].camera_from_world);
}

TEST(SoundCameras, RefusesAMatrixWithoutInverse) {
  TemporaryFolder folder;
  try {
    read(folder, "transforms.json", R"({"w": 4, "h": 3, "fl_x": 5, "frames": [{"file_path": "a.jpg",
      "transform_matrix": [[1,0,0,2],[0,0,0,3],[0,0,1,4],[0,0,0,1]]}]})");
    ADD_FAILURE() << "was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kSceneCameras);
    EXPECT_THAT(error.what(),
                HasSubstr("camera 0 (a.jpg) has extrinsics whose left 3x3 part is no rotation"));
  }
}

}  // namespace
}  // namespace da3::cameras
