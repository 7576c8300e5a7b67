// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <scene/similarity.hpp>
#include <scene/windows.hpp>

#include <da3/error.hpp>

#include <testing/npz.hpp>

namespace da3::scene {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden/scene";

std::vector<std::array<double, 3>> points_of(const testing::Array& array) {
  std::vector<std::array<double, 3>> points(array.floats.size() / 3);
  for (std::size_t i = 0; i < array.floats.size(); ++i) points[i / 3][i % 3] = array.floats[i];
  return points;
}

Similarity similarity_of(const nlohmann::json& json) {
  return {json.at("scale"), json.at("rotation"), json.at("translation")};
}

void expect_near(const Similarity& found, const Similarity& expected, double tolerance) {
  EXPECT_NEAR(found.scale, expected.scale, tolerance * expected.scale);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(found.rotation[i], expected.rotation[i], tolerance);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(found.translation[i], expected.translation[i], tolerance);
}

// The original's streaming program on exact points, noise, and noise with outliers, in float64 from the same
// float32 points: 1e-9 is rounding of sums over 900 pairs.
TEST(Windows, AreJoinedAsTheOriginalJoinsThem) {
  const auto arrays = testing::read_npz(kGolden / "align_windows.npz");
  std::ifstream file(kGolden / "align_windows.json");
  const nlohmann::json expected = nlohmann::json::parse(file);
  const std::array<std::size_t, 3> pairs{884, 883, 884};
  Similarity chain;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i);
    const auto& first = arrays.at("confidence_first" + number).floats;
    const auto& second = arrays.at("confidence_second" + number).floats;
    SharedPoints pixels;
    pixels.first = points_of(arrays.at("first" + number));
    pixels.second = points_of(arrays.at("second" + number));
    const SharedPoints sure = sure_pairs(pixels, std::vector<double>(first.begin(), first.end()),
                                         std::vector<double>(second.begin(), second.end()));
    ASSERT_EQ(sure.first.size(), pairs[i]);
    const nlohmann::json& each = expected.at("cases").at(i);
    expect_near(fitted_similarity(sure.first, sure.second, sure.weights, ScaleRule::kRatioOfRadii),
                similarity_of(each.at("plain")), 1e-9);
    const Similarity robust = joined(sure, 0.1);
    expect_near(robust, similarity_of(each.at("robust")), 1e-9);
    chain = composed(chain, robust);
    expect_near(chain, similarity_of(expected.at("chain").at(i)), 1e-8);
  }
}

TEST(Windows, ShareViewsWithTheirNeighboursUpToTheLastView) {
  EXPECT_EQ(plan_windows(10, 4, 2), (std::vector<Window>{{0, 4}, {2, 6}, {4, 8}, {6, 10}}));
  EXPECT_EQ(plan_windows(9, 4, 3), (std::vector<Window>{{0, 4}, {1, 5}, {2, 6}, {3, 7}, {4, 8}, {5, 9}}));
  EXPECT_EQ(plan_windows(7, 6, 3), (std::vector<Window>{{0, 6}, {3, 7}}));
  EXPECT_EQ(plan_windows(4, 4, 2), (std::vector<Window>{{0, 4}}));
  EXPECT_EQ(plan_windows(1, 4, 3), (std::vector<Window>{{0, 1}}));
}

TEST(Windows, AViewComesFromTheWindowWhereItIsNearestTheMiddle) {
  const std::vector<Window> windows = plan_windows(10, 4, 2);  // Middles between 1|2, 3|4, 5|6, 7|8.
  std::vector<std::size_t> homes;
  for (std::size_t view = 0; view < 10; ++view) homes.push_back(home_of(view, windows));
  EXPECT_EQ(homes, (std::vector<std::size_t>{0, 0, 0, 1, 1, 2, 2, 3, 3, 3}));
}

/// Two views of a bumpy wall, in a world of its own.
std::vector<View> views_of_a_wall() {
  std::vector<View> views(2);
  for (std::size_t v = 0; v < 2; ++v) {
    View& view = views[v];
    view.input.size = {28, 42};
    view.camera.camera_from_world = {1, 0, 0, 0.3 * static_cast<double>(v), 0, 1, 0, 0, 0, 0, 1, 0};
    view.camera.intrinsics = {40, 0, 21, 0, 40, 14, 0, 0, 1};
    for (int i = 0; i < 28 * 42; ++i) {
      view.depth.push_back(2 + 0.5F * std::sin(0.37F * static_cast<float>(i)));
      view.confidence.push_back(2 + static_cast<float>(i % 3));
    }
  }
  return views;
}

Similarity a_move() {
  const double c = std::cos(0.6);
  const double s = std::sin(0.6);
  return {2.5, {c, 0, -s, 0, 1, 0, s, 0, c}, {4, -1, 0.5}};
}

TEST(Windows, ASeamFindsHowOneWorldLiesInTheOther) {
  const std::vector<View> second = views_of_a_wall();
  std::vector<View> first = second;
  for (View& view : first) move_view(a_move(), view);
  const Seam seam = seam_of(first, second);
  expect_near(seam.first_from_second, a_move(), 1e-6);  // Depth is float32.
  EXPECT_LT(seam.residual, 1e-6);
  std::vector<View> again = second;
  for (std::size_t v = 0; v < 2; ++v) {
    move_view(seam.first_from_second, again[v]);
    for (std::size_t i = 0; i < 12; ++i) {
      EXPECT_NEAR(again[v].camera.camera_from_world[i], first[v].camera.camera_from_world[i], 1e-5);
    }
    EXPECT_NEAR(again[v].depth[100], first[v].depth[100], 1e-5);
  }
}

TEST(Windows, ASeamLeavesOutGrossErrorsAndTellsHowFarItIsOff) {
  const std::vector<View> second = views_of_a_wall();
  std::vector<View> first = second;
  for (View& view : first) move_view(a_move(), view);
  for (std::size_t i = 0; i < 40; ++i) first[0].depth[i * 28] *= 3;  // 1.7 % of all pixels.
  const Seam seam = seam_of(first, second);
  EXPECT_NEAR(seam.first_from_second.scale, 2.5, 0.02);
  EXPECT_GT(seam.residual, 0.1);
}

TEST(Windows, ASeamWithoutASurePixelIsAnError) {
  std::vector<View> first = views_of_a_wall();
  for (View& view : first) std::fill(view.depth.begin(), view.depth.end(), 0.0F);
  try {
    seam_of(first, views_of_a_wall());
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kSceneAlignment);
    EXPECT_NE(std::string(error.what()).find("2 views"), std::string::npos);
  }
}

}  // namespace
}  // namespace da3::scene
