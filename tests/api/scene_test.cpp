// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/c.h>
#include <da3/model.hpp>
#include <da3/scene.hpp>

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
class SceneApi : public ::testing::Test {
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

  static SceneOptions as_stored() {
    SceneOptions options;
    options.process_res = 112;
    return options;
  }

  static testing::Workplace* place;
  static std::optional<Model> model;
  static std::map<std::string, testing::Array> expected;
};
testing::Workplace* SceneApi::place = nullptr;
std::optional<Model> SceneApi::model;
std::map<std::string, testing::Array> SceneApi::expected;

template <typename Values>
void append(std::vector<float>& all, const Values& values) {
  for (const auto value : values) all.push_back(static_cast<float>(value));
}

::testing::AssertionResult matches(const std::vector<float>& found, const testing::Array& golden,
                                   testing::Tolerance tolerance) {
  return testing::tensors_match({"<f4", golden.shape, found}, {golden.type, golden.shape, golden.floats},
                                tolerance);
}

TEST_F(SceneApi, AgreesWithTheOriginalsThreeViews) {
  const Scene scene =
      predict_scene(*model, std::span<const Image>(views_of(expected.at("image"))), as_stored());
  ASSERT_EQ(scene.views.size(), 3U);
  std::vector<float> depth, confidence, extrinsics, intrinsics;
  for (const SceneView& view : scene.views) {
    EXPECT_EQ(view.input.size, (Size{112, 70}));
    append(depth, view.depth);
    append(confidence, view.confidence);
    append(extrinsics, view.camera.camera_from_world);
    append(intrinsics, view.camera.intrinsics);
  }
  // Tolerances of tests/data/golden/README.md, How close is close.
  EXPECT_TRUE(matches(depth, expected.at("depth"), {.relative = 1e-4}));
  EXPECT_TRUE(matches(confidence, expected.at("depth_conf"), {.relative = 1e-4}));
  EXPECT_TRUE(matches(extrinsics, expected.at("extrinsics"), {.absolute = 1e-4}));
  EXPECT_TRUE(matches(intrinsics, expected.at("intrinsics"), {.relative = 1e-3}));
  EXPECT_TRUE(scene.reference);
  EXPECT_EQ(scene.unit, SceneUnit::kRelative);
  EXPECT_FALSE(scene.cloud.points.empty());
}

TEST_F(SceneApi, CamerasAndDepthOfAPhotoAreAtItsSize) {
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
  const Scene scene = predict_scene(*model, std::span<const Image>(views), as_stored());
  const std::vector<float>& golden = expected.at("intrinsics").floats;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(at_photo_size(scene.views[i], scene.views[i].depth).size, (Size{224, 140}));
    const auto found = scene.views[i].photo_camera().intrinsics;
    EXPECT_NEAR(found[0], 2 * golden[i * 9], 1e-3 * found[0]);
    EXPECT_NEAR(found[4], 2 * golden[i * 9 + 4], 1e-3 * found[4]);
    EXPECT_DOUBLE_EQ(found[2], 70);
    EXPECT_DOUBLE_EQ(found[5], 112);
    EXPECT_DOUBLE_EQ(found[8], 1);
  }
  EXPECT_THROW(at_photo_size(scene.views[0], std::vector<float>(7)), Error);
}

TEST_F(SceneApi, AViewDependsOnItsNeighboursAndAPhotoDoesNot) {
  const std::vector<Image> views = views_of(expected.at("image"));
  PredictOptions options;
  options.at_model_size = true;
  options.process_res = 112;
  const Prediction alone = model->predict(views[1], options);
  EXPECT_NE(predict_scene(*model, std::span<const Image>(views), as_stored()).views[1].depth,
            alone.depth.values);
  const auto difference = testing::difference(model->predict(views, options)[1].depth.values,
                                              alone.depth.values, {.relative = 1});
  EXPECT_LT(difference.relative, 1e-4);
}

TEST_F(SceneApi, PhotosOfDifferentShapeAreCutOrRefused) {
  std::vector<Image> views = views_of(expected.at("image"));
  views[1] = Image{{70, 112}, std::vector<std::uint8_t>(70 * 112 * 3)};
  SceneOptions options = as_stored();
  const Scene scene = predict_scene(*model, std::span<const Image>(views), options);
  EXPECT_EQ(scene.views[0].input.size, (Size{70, 70}));
  ASSERT_FALSE(scene.warnings.empty());
  EXPECT_EQ(scene.warnings.front().code, "scene.mixed_sizes");
  const DepthMap whole = at_photo_size(scene.views[0], scene.views[0].depth);
  EXPECT_EQ(whole.size, (Size{112, 70}));
  EXPECT_TRUE(std::isnan(whole.values.front()));
  EXPECT_TRUE(std::isfinite(whole.values[56 * 70 + 35]));
  options.mixed = MixedSizes::kError;
  try {
    predict_scene(*model, std::span<const Image>(views), options);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("view 0"));
  }
}

TEST_F(SceneApi, KnownCamerasGiveTheUnit) {
  const std::vector<Image> views = views_of(expected.at("image"));
  const Scene free = predict_scene(*model, std::span<const Image>(views), as_stored());
  SceneOptions options = as_stored();
  for (const SceneView& view : free.views) {
    Camera camera = view.photo_camera();
    for (const std::size_t i : {3, 7, 11}) camera.camera_from_world[i] *= 250;
    options.cameras.push_back(camera);
  }
  const Scene known = predict_scene(*model, std::span<const Image>(views), options);
  EXPECT_EQ(known.unit, SceneUnit::kGiven);
  EXPECT_EQ(known.pose_source, PoseSource::kGiven);
  ASSERT_TRUE(known.alignment && known.alignment->predicted_from_given);
  for (std::size_t i = 0; i < 3; ++i) {
    // The network's rotations are float32; known cameras get the nearest ones in double. Coordinates are some
    // 250.
    for (std::size_t k = 0; k < 12; ++k) {
      EXPECT_NEAR(known.views[i].photo_camera().camera_from_world[k], options.cameras[i].camera_from_world[k],
                  1e-6 * 250);
    }
    EXPECT_TRUE(known.views[i].predicted);
  }
  options.cameras.pop_back();
  EXPECT_THROW(predict_scene(*model, std::span<const Image>(views), options), Error);
}

TEST_F(SceneApi, WritesNoCamerasWithSkewWhereAFileHasNone) {
  const std::vector<Image> views = views_of(expected.at("image"));
  Scene scene = predict_scene(*model, std::span<const Image>(views), as_stored());
  scene.views[1].camera.intrinsics[1] = 2;
  EXPECT_THROW(write_colmap(scene, *place / "skew"), Error);
  EXPECT_THROW(write_transforms(scene, *place / "skew/transforms.json"), Error);
  EXPECT_FALSE(std::filesystem::exists(*place / "skew"));
}

TEST_F(SceneApi, RefusesKnownCamerasThatAreNone) {
  const std::vector<Image> views = views_of(expected.at("image"));
  SceneOptions options = as_stored();
  options.cameras.assign(3, {{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, {50, 0, 35, 0, 50, 28, 0, 0, 1}});
  options.cameras[1].camera_from_world[0] = 2;
  try {
    predict_scene(*model, std::span<const Image>(views), options);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kSceneCameras);
    EXPECT_THAT(error.what(),
                HasSubstr("cameras: camera 1 has extrinsics whose left 3x3 part is no rotation"));
  }
}

TEST_F(SceneApi, WhatCannotBeASceneIsAUsageError) {
  const std::vector<Image> views = views_of(expected.at("image"));
  const auto code_of = [&](std::span<const Image> photos, const SceneOptions& options) {
    try {
      predict_scene(*model, photos, options);
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code_of({}, as_stored()), ErrorCode::kUsage);
  SceneOptions options = as_stored();
  options.reference_view = 3;
  EXPECT_EQ(code_of(views, options), ErrorCode::kUsage);
  options = as_stored();
  options.window = 3;
  EXPECT_EQ(code_of(views, options), ErrorCode::kUsage);
}

void write_ppm(const std::filesystem::path& file, const Image& image) {
  std::ofstream stream(file, std::ios::binary);
  stream << "P6\n" << image.size.width << ' ' << image.size.height << "\n255\n";
  stream.write(reinterpret_cast<const char*>(image.rgb.data()),
               static_cast<std::streamsize>(image.rgb.size()));
}

TEST_F(SceneApi, FilesAreThoseOfTheProgram) {
  std::vector<std::filesystem::path> photos;
  std::filesystem::create_directories(*place / "photos");
  for (const Image& view : views_of(expected.at("image"))) {
    photos.push_back(*place / "photos" / (std::to_string(photos.size()) + ".ppm"));
    write_ppm(photos.back(), view);
  }
  const testing::Ended ended =
      place->run({"scene", "photos", "-m", "tiny.pt", "--allow-synthetic", "-o", "program", "-f",
                  "glb,ply,cameras,npz,colmap,transforms", "--depth-format", "none", "--device", "cpu",
                  "--threads", "1", "--process-res", "112"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const Scene scene = predict_scene(*model, std::span<const std::filesystem::path>(photos), as_stored());
  const std::filesystem::path own = *place / "library";
  write_glb(scene, own / "scene.glb");
  write_ply(scene, own / "points.ply");
  write_cameras(scene, own / "cameras.json");
  write_npz(scene, own / "scene.npz");
  write_colmap(scene, own / "sparse/0");
  for (const char* name : {"scene.glb", "points.ply", "cameras.json", "scene.npz", "sparse/0/cameras.bin",
                           "sparse/0/images.bin", "sparse/0/points3D.bin"}) {
    const std::string written = testing::read_file(own / name);
    EXPECT_FALSE(written.empty());
    EXPECT_EQ(written, testing::read_file(*place / "program" / name)) << name;
  }

  // The same through the C interface.
  da3_model* handle = nullptr;
  da3_load_options load = DA3_LOAD_OPTIONS_INIT;
  load.device = "cpu";
  load.threads = 1;
  ASSERT_EQ(da3_model_load((*place / "tiny.pt").c_str(), &load, &handle), DA3_OK) << da3_last_error();
  std::vector<da3_image> images;
  const std::vector<Image> views = views_of(expected.at("image"));
  for (const Image& view : views) {
    da3_image& image = images.emplace_back(da3_image DA3_IMAGE_INIT);
    image.rgb = view.rgb.data();
    image.height = view.size.height;
    image.width = view.size.width;
  }
  da3_scene_options options = DA3_SCENE_OPTIONS_INIT;
  options.process_res = 112;
  da3_scene* seen = nullptr;
  ASSERT_EQ(da3_predict_scene(handle, images.data(), 3, &options, &seen), DA3_OK) << da3_last_error();
  da3_model_free(handle);
  EXPECT_EQ(da3_scene_num_views(seen), 3U);
  da3_scene_view view = DA3_SCENE_VIEW_INIT;
  ASSERT_EQ(da3_scene_get_view(seen, 2, &view), DA3_OK);
  EXPECT_TRUE(std::equal(view.depth, view.depth + 112 * 70, scene.views[2].depth.begin()));
  EXPECT_EQ(view.photo_intrinsics[0], scene.views[2].photo_camera().intrinsics[0]);
  EXPECT_EQ(view.has_predicted, 0);
  EXPECT_EQ(da3_scene_get_view(seen, 3, &view), DA3_ERROR_USAGE);
  ASSERT_EQ(da3_scene_num_points(seen), scene.cloud.points.size());
  std::vector<double> positions(3 * scene.cloud.points.size());
  ASSERT_EQ(da3_scene_get_points(seen, positions.data(), nullptr, nullptr, nullptr), DA3_OK);
  EXPECT_EQ(positions[5], scene.cloud.points[1].position[2]);
  const std::string again = (own / "again.ply").string();
  ASSERT_EQ(da3_scene_write(seen, "ply", again.c_str()), DA3_OK) << da3_last_error();
  EXPECT_EQ(testing::read_file(again), testing::read_file(own / "points.ply"));
  EXPECT_EQ(da3_scene_write(seen, "stl", again.c_str()), DA3_ERROR_USAGE);
  da3_point_options few = DA3_POINT_OPTIONS_INIT;
  few.max_points = 10;
  ASSERT_EQ(da3_scene_choose_points(seen, &few), DA3_OK);
  EXPECT_EQ(da3_scene_num_points(seen), 10U);
  da3_bytes* record = nullptr;
  ASSERT_EQ(da3_scene_record(seen, &record), DA3_OK);
  EXPECT_THAT(std::string(reinterpret_cast<const char*>(da3_bytes_data(record)), da3_bytes_size(record)),
              HasSubstr("\"kept\":10"));
  da3_bytes_free(record);
  da3_scene_free(seen);
}

}  // namespace
}  // namespace da3
