// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <scene/align.hpp>
#include <scene/similarity.hpp>

#include <da3/error.hpp>

namespace da3::scene {
namespace {

std::vector<Camera> cameras_of(const nlohmann::json& rows) {
  std::vector<Camera> cameras;
  for (const nlohmann::json& row : rows) {
    Camera& camera = cameras.emplace_back();
    for (std::size_t i = 0; i < 12; ++i) camera.camera_from_world[i] = row.at(i).get<double>();
  }
  return cameras;
}

// The original's own fit from the same float32 cameras, the tries given. Their rotations are orthonormal to
// 1e-7 only, and centres of a few units differ by how they are inverted: 1e-5 for the scale, 1e-4 for the
// turn, 5e-4 for the shift.
TEST(Align, FitsAsTheOriginalDoes) {
  std::ifstream file(std::string(DA3_TEST_DATA_DIR) + "/golden/scene/align_umeyama.json");
  const nlohmann::json cases = nlohmann::json::parse(file);
  ASSERT_EQ(cases.size(), 5U);
  for (const nlohmann::json& each : cases) {
    Samples samples;
    if (each.contains("samples")) samples = each.at("samples").get<Samples>();
    const std::vector<Camera> predicted = cameras_of(each.at("predicted"));
    const std::vector<Camera> given = cameras_of(each.at("given"));
    const Alignment found = align(predicted, given, samples.empty() ? nullptr : &samples);
    ASSERT_TRUE(found.predicted_from_given);
    const double scale = each.at("scale").get<double>();
    EXPECT_NEAR(found.predicted_from_given->scale, scale, 1e-5 * scale) << given.size() << " views";
    for (std::size_t i = 0; i < 9; ++i) {
      EXPECT_NEAR(found.predicted_from_given->rotation[i], each.at("rotation").at(i).get<double>(), 1e-4);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(found.predicted_from_given->translation[i], each.at("translation").at(i).get<double>(),
                  5e-4);
    }
    // The tries of our own generator find the same inliers where outliers are gross.
    const Alignment ours = align(predicted, given);
    EXPECT_NEAR(ours.predicted_from_given->scale, scale, 0.02 * scale);
  }
}

Camera camera_at(const std::array<double, 3>& centre, double yaw) {
  const double c = std::cos(yaw);
  const double s = std::sin(yaw);
  Camera camera;
  camera.camera_from_world = {c, 0, -s, -c * centre[0] + s * centre[2], 0, 1, 0, -centre[1],
                              s, 0, c,  -s * centre[0] - c * centre[2]};
  camera.intrinsics = {500, 0, 320, 0, 500, 240, 0, 0, 1};
  return camera;
}

/// A quarter turn about z, twice as large, moved.
const Similarity kKnown{2, {0, -1, 0, 1, 0, 0, 0, 0, 1}, {5, -3, 1}};

TEST(Align, TwoAndCollinearCamerasHaveAScaleAndATurn) {
  for (const std::size_t count : {2U, 4U}) {
    std::vector<Camera> given;
    std::vector<Camera> predicted;
    for (std::size_t i = 0; i < count; ++i) {
      given.push_back(camera_at({0.5 * static_cast<double>(i * i), 0, 0}, 0.1 * static_cast<double>(i)));
      predicted.push_back(moved(kKnown, given.back()));
    }
    const Alignment found = align(predicted, given);
    ASSERT_TRUE(found.predicted_from_given);
    EXPECT_NEAR(found.predicted_from_given->scale, 2, 1e-12);
    for (std::size_t i = 0; i < 9; ++i)
      EXPECT_NEAR(found.predicted_from_given->rotation[i], kKnown.rotation[i], 1e-12);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(found.predicted_from_given->translation[i], kKnown.translation[i], 1e-12);
    EXPECT_NEAR(found.rms, 0, 1e-12);
    EXPECT_NEAR(found.angle_deg, 0, 1e-5);
  }
}

TEST(Align, CamerasInOnePlaceHaveNoScale) {
  const std::vector<Camera> given{camera_at({1, 2, 3}, 0), camera_at({1, 2, 3}, 0.5)};
  const std::vector<Camera> predicted{camera_at({0, 0, 0}, 0), camera_at({0.1, 0, 0}, 0.5)};
  EXPECT_FALSE(align(predicted, given).predicted_from_given);
  EXPECT_FALSE(align(std::span(predicted).first(1), std::span(given).first(1)).predicted_from_given);
}

TEST(Align, CamerasTheWrongWayRoundAreSeenInTheAngle) {
  std::vector<Camera> given;
  std::vector<Camera> inverse;
  for (int i = 0; i < 5; ++i) {
    const double yaw = 0.5 * i;
    given.push_back(camera_at({std::sin(yaw), 0.1 * i * i, std::cos(yaw)}, yaw));
    // World_from_camera written where camera_from_world belongs.
    const auto& e = given.back().camera_from_world;
    inverse.push_back(given.back());
    inverse.back().camera_from_world = {e[0], e[4],        e[8], std::sin(yaw), e[1],  e[5],
                                        e[9], 0.1 * i * i, e[2], e[6],          e[10], std::cos(yaw)};
  }
  const Alignment found = align(given, inverse);
  EXPECT_TRUE(found.rms > 0.3 || found.angle_deg > 20) << found.rms << " " << found.angle_deg;
}

/// Where a pixel of a view at its depth is in the world.
std::array<double, 3> point_of(const View& view, double u, double v, double depth) {
  const auto& e = view.camera.camera_from_world;
  const auto& k = view.camera.intrinsics;
  const std::array<double, 3> p{(u - k[2]) / k[0] * depth - e[3], (v - k[5]) / k[4] * depth - e[7],
                                depth - e[11]};
  std::array<double, 3> world{};
  for (std::size_t i = 0; i < 3; ++i) world[i] = e[i] * p[0] + e[4 + i] * p[1] + e[8 + i] * p[2];
  return world;
}

TEST(AdoptCameras, PutsDepthIntoTheGivenUnitOrTheCamerasIntoTheNetworks) {
  std::vector<Camera> given{camera_at({0, 0, 0}, 0), camera_at({0.193, 0, 0}, 0),
                            camera_at({0.1, 0.2, 0}, 0.2)};
  std::vector<View> views(3);
  for (std::size_t i = 0; i < 3; ++i) {
    views[i].input.size = {1, 1};
    views[i].camera = moved(kKnown, given[i]);
    views[i].camera.intrinsics[0] = 480;  // The network is not as sure of the lens
    views[i].depth = {4.0F};
  }
  const std::vector<View> seen = views;
  std::vector<Camera> predicted;
  for (const View& view : views) predicted.push_back(view.camera);
  const Alignment alignment = align(predicted, given);

  adopt_cameras(views, given, alignment, false);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(views[i].camera, given[i]);
    EXPECT_EQ(views[i].predicted, seen[i].camera);
    EXPECT_FLOAT_EQ(views[i].depth[0], 2.0F);
  }
  const std::array<double, 3> own = point_of(views[1], 100, 50, 2);

  views = seen;
  adopt_cameras(views, given, alignment, true);
  EXPECT_FLOAT_EQ(views[1].depth[0], 4.0F);
  EXPECT_EQ(views[1].camera.intrinsics, given[1].intrinsics);
  const std::array<double, 3> there = point_of(views[1], 100, 50, 4);
  const std::array<double, 3> expected = moved(*alignment.predicted_from_given, own);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(there[i], expected[i], 1e-9);
}

}  // namespace
}  // namespace da3::scene
