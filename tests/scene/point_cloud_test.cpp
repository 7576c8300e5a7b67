// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>
#include <tuple>

#include <gtest/gtest.h>
#include <scene/point_cloud.hpp>

#include <testing/npz.hpp>

namespace da3::scene {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden/scene";

std::vector<View> golden_views() {
  const auto input = testing::read_npz(kGolden / "input_tiny_s3_56x84.npz");
  const auto cameras = testing::read_npz(kGolden / "exports_tiny_s3_56x84.npz");
  std::vector<View> views(3);
  constexpr Size kSize{56, 84};
  const auto area = static_cast<std::ptrdiff_t>(kSize.area());
  for (std::size_t i = 0; i < views.size(); ++i) {
    View& view = views[i];
    const auto from = static_cast<std::ptrdiff_t>(i) * area;
    view.place = {kSize, kSize};
    const auto& image = input.at("image").bytes;
    view.input = {kSize, {image.begin() + from * 3, image.begin() + (from + area) * 3}};
    const auto& depth = input.at("depth").floats;
    view.depth.assign(depth.begin() + from, depth.begin() + from + area);
    const auto& confidence = input.at("depth_conf").floats;
    view.confidence.assign(confidence.begin() + from, confidence.begin() + from + area);
    for (std::size_t j = 0; j < 12; ++j)
      view.camera.camera_from_world[j] = cameras.at("extrinsics").floats[i * 12 + j];
    for (std::size_t j = 0; j < 9; ++j)
      view.camera.intrinsics[j] = cameras.at("intrinsics").floats[i * 9 + j];
  }
  return views;
}

TEST(PointCloud, HasThePointsOfTheReference) {
  const auto expected = testing::read_npz(kGolden / "exports_tiny_s3_56x84.npz");
  const PointCloud cloud = point_cloud(golden_views(), {});
  const auto& points = expected.at("points").floats;
  ASSERT_EQ(cloud.points.size() * 3, points.size());
  EXPECT_EQ(cloud.candidates, cloud.points.size());
  for (std::size_t i = 0; i < cloud.points.size(); ++i) {
    const Point& point = cloud.points[i];
    const double distance = std::hypot(points[i * 3], points[i * 3 + 1], points[i * 3 + 2]);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      ASSERT_NEAR(point.position[axis], points[i * 3 + axis], 1e-5 * distance) << "point " << i;
      ASSERT_EQ(point.rgb[axis], expected.at("colours").bytes[i * 3 + axis]) << "point " << i;
    }
    ASSERT_EQ(static_cast<float>(point.view), expected.at("pixels").floats[i * 3]);
  }
}

TEST(PointCloud, ThinsToTheSamePointsEveryTime) {
  const std::vector<View> views = golden_views();
  PointOptions options;
  options.max_points = 1000;
  const PointCloud some = point_cloud(views, options);
  ASSERT_EQ(some.points.size(), 1000U);
  EXPECT_GT(some.candidates, 8000U);
  options.max_points = 500;
  const PointCloud fewer = point_cloud(views, options);
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> places;
  for (const Point& point : some.points) {
    places.emplace(point.view, point.row, point.column);
  }
  for (const Point& point : fewer.points) EXPECT_TRUE(places.contains({point.view, point.row, point.column}));
  EXPECT_TRUE(std::is_sorted(some.points.begin(), some.points.end(), [](const Point& a, const Point& b) {
    return std::tie(a.view, a.row, a.column) < std::tie(b.view, b.row, b.column);
  }));
}

View flat_view(float depth) {
  View view;
  view.place = {{4, 5}, {4, 5}};
  view.input = {{4, 5}, std::vector<std::uint8_t>(60, 9)};
  view.depth.assign(20, depth);
  view.camera.camera_from_world = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
  view.camera.intrinsics = {5, 0, 2.5, 0, 5, 2, 0, 0, 1};
  return view;
}

TEST(PointCloud, LeavesOutWhatHasNoDepthSkyAndEdges) {
  View view = flat_view(2);
  view.depth[0] = std::numeric_limits<float>::quiet_NaN();
  view.depth[1] = 0;
  view.depth[2] = -1;
  EXPECT_EQ(point_cloud({view}, {}).points.size(), 17U)
      << "without confidence all pixels with depth are points";
  EXPECT_FALSE(point_cloud({view}, {}).threshold);

  view.sky.assign(20, 0.0F);
  view.sky[19] = 0.3F;
  EXPECT_EQ(point_cloud({view}, {}).points.size(), 16U);
  EXPECT_EQ(point_cloud({view}, {.sky_points = true}).points.size(), 17U);

  View step = flat_view(2);
  for (std::size_t row = 0; row < 4; ++row) step.depth[row * 5 + 4] = 3;
  // The last column is 50 % farther: it and its neighbours go.
  EXPECT_EQ(point_cloud({step}, {.edges_percent = 10}).points.size(), 12U);
  EXPECT_EQ(point_cloud({step}, {.edges_percent = 60}).points.size(), 20U);
}

TEST(PointCloud, TakesACallersConfidence) {
  View view = flat_view(1);
  for (int i = 0; i < 20; ++i) view.confidence.push_back(1.0F + 0.1F * static_cast<float>(i));
  EXPECT_EQ(point_cloud({view}, {.min_confidence = 2.45}).points.size(), 5U);
  // The threshold is never above the 90th percentile, and at least 1.05.
  EXPECT_NEAR(*confidence_threshold({view}, {.keep_percent = 1}), 1 + 0.1 * 19 * 0.9, 1e-6);
  EXPECT_DOUBLE_EQ(*confidence_threshold({view}, {.keep_percent = 100}), 1.05);
}

TEST(PointCloud, PutsAPixelsCentreOnItsRay) {
  const PointCloud cloud = point_cloud({flat_view(10)}, {});
  const Point& first = cloud.points.front();
  EXPECT_DOUBLE_EQ(first.position[0], (0.5 - 2.5) / 5 * 10);
  EXPECT_DOUBLE_EQ(first.position[1], (0.5 - 2.0) / 5 * 10);
  EXPECT_DOUBLE_EQ(first.position[2], 10);
}

}  // namespace
}  // namespace da3::scene
