// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/model.hpp>

#include <cli/program.hpp>
#include <testing/npz.hpp>
#include <testing/tensor_matcher.hpp>

namespace da3 {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kGolden = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "tiny";

// Views of the golden case, (S, H, W, 3).
std::vector<Image> views_of(const testing::Array& pictures) {
  const Size size{static_cast<int>(pictures.shape[1]), static_cast<int>(pictures.shape[2])};
  std::vector<Image> views;
  for (std::int64_t i = 0; i < pictures.shape[0]; ++i) {
    const auto begin = pictures.bytes.begin() + i * static_cast<std::ptrdiff_t>(size.area() * 3);
    views.push_back({size, {begin, begin + static_cast<std::ptrdiff_t>(size.area() * 3)}});
  }
  return views;
}

/// The reduced any-view network of the golden fixtures, and its case of three views.
class Scene : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    place = new testing::Workplace;
    const testing::Ended made = place->run({"model", "export", kGolden.string(), "-o", "tiny.pt"});
    ASSERT_EQ(made.code, 0) << made.err;
    ModelOptions options;
    options.device = DeviceId{};
    options.threads = 1;
    model.emplace(Model::load(*place / "tiny.pt", options));
    expected = testing::read_npz(kGolden / "s3_112x70.npz");
  }
  static void TearDownTestSuite() {
    model.reset();
    delete place;
  }

  static PredictOptions at_model_size() {
    PredictOptions options;
    options.at_model_size = true;
    options.confidence = true;
    options.process_res = 112;
    return options;
  }

  static testing::Workplace* place;
  static std::optional<Model> model;
  static std::map<std::string, testing::Array> expected;
};
testing::Workplace* Scene::place = nullptr;
std::optional<Model> Scene::model;
std::map<std::string, testing::Array> Scene::expected;

template <typename Values>
void append(std::vector<float>& all, const Values& values) {
  for (const auto value : values) all.push_back(static_cast<float>(value));
}

::testing::AssertionResult matches(const std::vector<float>& found, const testing::Array& golden,
                                   testing::Tolerance tolerance) {
  return testing::tensors_match({"<f4", golden.shape, found}, {golden.type, golden.shape, golden.floats},
                                tolerance);
}

TEST_F(Scene, AgreesWithTheOriginalsThreeViews) {
  const ScenePrediction scene = model->predict_scene(views_of(expected.at("image")), at_model_size());
  ASSERT_EQ(scene.views.size(), 3U);
  std::vector<float> depth, confidence, extrinsics, intrinsics;
  for (const ViewPrediction& view : scene.views) {
    EXPECT_EQ(view.maps.depth.size, (Size{112, 70}));
    append(depth, view.maps.depth.values);
    append(confidence, view.maps.confidence.value().values);
    append(extrinsics, view.camera.value().camera_from_world);
    append(intrinsics, view.camera->intrinsics);
  }
  // Tolerances of tests/data/golden/README.md, How close is close.
  EXPECT_TRUE(matches(depth, expected.at("depth"), {.relative = 1e-4}));
  EXPECT_TRUE(matches(confidence, expected.at("depth_conf"), {.relative = 1e-4}));
  EXPECT_TRUE(matches(extrinsics, expected.at("extrinsics"), {.absolute = 1e-4}));
  EXPECT_TRUE(matches(intrinsics, expected.at("intrinsics"), {.relative = 1e-3}));
}

TEST_F(Scene, IntrinsicsAreInPixelsOfThePhoto) {
  std::vector<Image> views;
  for (const Image& small : views_of(expected.at("image"))) {
    // Every pixel twice in both directions; area averaging brings exactly the small picture back.
    Image& large = views.emplace_back(Image{{224, 140}, std::vector<std::uint8_t>(224 * 140 * 3)});
    for (std::size_t y = 0; y < 224; ++y) {
      for (std::size_t x = 0; x < 140 * 3; ++x) {
        large.rgb[y * 140 * 3 + x] = small.rgb[(y / 2) * 70 * 3 + x / 6 * 3 + x % 3];
      }
    }
  }
  PredictOptions options;
  options.process_res = 112;
  const ScenePrediction scene = model->predict_scene(views, options);
  const std::vector<float>& golden = expected.at("intrinsics").floats;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(scene.views[i].maps.depth.size, (Size{224, 140}));
    const auto& found = scene.views[i].camera.value().intrinsics;
    EXPECT_NEAR(found[0], 2 * golden[i * 9], 1e-3 * found[0]);
    EXPECT_NEAR(found[4], 2 * golden[i * 9 + 4], 1e-3 * found[4]);
    EXPECT_DOUBLE_EQ(found[2], 70);
    EXPECT_DOUBLE_EQ(found[5], 112);
    EXPECT_DOUBLE_EQ(found[8], 1);
  }
}

TEST_F(Scene, AViewDependsOnItsNeighboursAndAPhotoDoesNot) {
  const std::vector<Image> views = views_of(expected.at("image"));
  const PredictOptions options = at_model_size();
  const Prediction alone = model->predict(views[1], options);
  EXPECT_NE(model->predict_scene(views, options).views[1].maps.depth.values, alone.depth.values);
  const auto difference = testing::difference(model->predict(views, options)[1].depth.values,
                                              alone.depth.values, {.relative = 1});
  EXPECT_LT(difference.relative, 1e-4);
}

TEST_F(Scene, RefusesViewsOfDifferentProcessedSizes) {
  std::vector<Image> views = views_of(expected.at("image"));
  views[1] = Image{{70, 112}, std::vector<std::uint8_t>(70 * 112 * 3)};
  try {
    model->predict_scene(views, at_model_size());
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("view 1"));
    EXPECT_THAT(error.what(), HasSubstr("112x70"));
  }
  EXPECT_THROW(model->predict_scene({}, at_model_size()), Error);
}

}  // namespace
}  // namespace da3
