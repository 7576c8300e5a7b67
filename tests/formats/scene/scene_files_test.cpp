// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <formats/scene/scene_files.hpp>
#include <formats/scene/viewer.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <testing/npz.hpp>

#include "scene_fixture.hpp"

namespace da3::formats {
namespace {

using nlohmann::json;
using testing::wall_scene;

/// Reads numbers one after another.
class Reader {
 public:
  explicit Reader(const Bytes& bytes, std::size_t at = 0) : bytes_(bytes), at_(at) {}
  template <typename Number>
  Number next() {
    Number value{};
    if (at_ + sizeof(Number) > bytes_.size()) throw std::runtime_error("the file ends early");
    std::memcpy(&value, bytes_.data() + at_, sizeof(Number));
    at_ += sizeof(Number);
    return value;
  }
  std::string text_until(char end) {
    std::string text;
    for (char c = next<char>(); c != end; c = next<char>()) text += c;
    return text;
  }
  std::size_t at() const { return at_; }
  bool ended() const { return at_ == bytes_.size(); }

 private:
  const Bytes& bytes_;
  std::size_t at_;
};

struct Glb {
  json gltf;
  Bytes bin;
};

Glb parse_glb(const Bytes& file) {
  Reader reader(file);
  EXPECT_EQ(reader.next<std::uint32_t>(), 0x46546C67U);
  EXPECT_EQ(reader.next<std::uint32_t>(), 2U);
  EXPECT_EQ(reader.next<std::uint32_t>(), file.size());
  const auto json_bytes = reader.next<std::uint32_t>();
  EXPECT_EQ(json_bytes % 4, 0U);
  EXPECT_EQ(reader.next<std::uint32_t>(), 0x4E4F534AU);
  Glb glb;
  glb.gltf = json::parse(file.begin() + static_cast<std::ptrdiff_t>(reader.at()),
                         file.begin() + static_cast<std::ptrdiff_t>(reader.at() + json_bytes));
  const std::size_t after = reader.at() + json_bytes;
  if (after == file.size()) return glb;
  Reader rest(file, after);
  const auto bin_bytes = rest.next<std::uint32_t>();
  EXPECT_EQ(rest.next<std::uint32_t>(), 0x004E4942U);
  EXPECT_EQ(bin_bytes % 4, 0U);
  EXPECT_EQ(rest.at() + bin_bytes, file.size());
  glb.bin.assign(file.begin() + static_cast<std::ptrdiff_t>(rest.at()), file.end());
  return glb;
}

std::vector<float> positions_of(const Glb& glb, const std::string& mesh_name) {
  for (const json& mesh : glb.gltf.at("meshes")) {
    if (mesh.at("name") != mesh_name) continue;
    const json& accessor =
        glb.gltf.at("accessors")
            .at(mesh.at("primitives")[0].at("attributes").at("POSITION").get<std::size_t>());
    const json& view = glb.gltf.at("bufferViews").at(accessor.at("bufferView").get<std::size_t>());
    std::vector<float> values(accessor.at("count").get<std::size_t>() * 3);
    EXPECT_EQ(view.at("byteLength"), values.size() * sizeof(float));
    std::memcpy(values.data(), glb.bin.data() + view.at("byteOffset").get<std::size_t>(),
                values.size() * sizeof(float));
    return values;
  }
  return {};
}

const json& node(const Glb& glb, const std::string& name) {
  for (const json& each : glb.gltf.at("nodes")) {
    if (each.at("name") == name) return each;
  }
  throw std::runtime_error("no node " + name);
}

scene::Scene golden_scene(std::map<std::string, testing::Array>& arrays) {
  arrays =
      testing::read_npz(std::filesystem::path(DA3_TEST_DATA_DIR) / "golden/scene/exports_tiny_s3_56x84.npz");
  scene::Scene scene;
  scene.unit = scene::Unit::kGiven;
  for (std::size_t i = 0; i < 3; ++i) {
    scene::View view;
    view.name = "view" + std::to_string(i);
    view.place = {{56, 84}, {56, 84}};
    const auto at = [&](const char* name, std::size_t count) {
      return arrays.at(name).floats.begin() + static_cast<std::ptrdiff_t>(count * i);
    };
    std::copy_n(at("extrinsics", 12), 12, view.camera.camera_from_world.begin());
    std::copy_n(at("intrinsics", 9), 9, view.camera.intrinsics.begin());
    scene.views.push_back(view);
  }
  const auto& points = arrays.at("points").floats;
  const auto& colours = arrays.at("colours").bytes;
  for (std::size_t i = 0; i < points.size(); i += 3) {
    scene::Point point;
    point.position = {points[i], points[i + 1], points[i + 2]};
    point.rgb = {colours[i], colours[i + 1], colours[i + 2]};
    scene.cloud.points.push_back(point);
  }
  return scene;
}

// Golden: matrix and outlines from float64 NumPy code of scene.md's rules; positions are float32, so 1e-5 of
// the scene's size.
TEST(Viewer, HasTheMatrixAndTheOutlinesOfTheReference) {
  std::map<std::string, testing::Array> arrays;
  const scene::Scene scene = golden_scene(arrays);
  const Viewer viewer = viewer_of(scene);
  for (std::size_t i = 0; i < 16; ++i)
    EXPECT_NEAR(viewer.viewer_from_world[i], arrays.at("matrix").floats[i], 1e-5) << i;
  EXPECT_EQ(viewer.origin, (std::array<double, 3>{}));
  for (std::size_t view = 0; view < 3; ++view) {
    const float* frustum = arrays.at("frusta").floats.data() + view * 15;
    const auto corners = picture_corners(scene.views[view], 0.03 * viewer.diagonal);
    const auto pose = world_from_camera(scene.views[view].camera);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(pose[4 * k + 3], frustum[k], 2e-5);
      for (std::size_t corner = 0; corner < 4; ++corner)
        EXPECT_NEAR(corners[corner][k], frustum[3 + 3 * corner + k], 2e-5);
    }
  }
}

TEST(Viewer, ColoursViewsByEvenHues) {
  // Hue 1/6 (yellow), 1/2 (cyan), 5/6 (magenta) at saturation 0.85, value 0.95: high 0.95, low 0.95 * 0.15.
  const double high = 0.95;
  const double low = 0.95 * 0.15;
  const std::array<std::array<double, 3>, 3> expected{
      {{high, high, low}, {low, high, high}, {high, low, high}}};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(view_colour(i, 3)[k], expected[i][k], 1e-12) << i << k;
  }
}

TEST(Glb, HoldsTheWorldsPointsLinearColoursAndTheViewersMatrix) {
  std::map<std::string, testing::Array> arrays;
  const scene::Scene scene = golden_scene(arrays);
  const Glb glb = parse_glb(encode_glb(scene));
  EXPECT_EQ(positions_of(glb, "points"), arrays.at("points").floats);
  const json& matrix = node(glb, "viewer").at("matrix");
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_NEAR(matrix[i].get<double>(), arrays.at("matrix").floats[(i % 4) * 4 + i / 4], 1e-5);
  }
  EXPECT_EQ(positions_of(glb, "cameras").size(), 3U * 16 * 3);
  EXPECT_EQ(glb.gltf.at("cameras").size(), 3U);
  const json& tint = glb.gltf.at("accessors")[1];
  const json& view = glb.gltf.at("bufferViews")[tint.at("bufferView").get<std::size_t>()];
  Reader reader(glb.bin, view.at("byteOffset").get<std::size_t>());
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      const double srgb = arrays.at("colours").bytes[3 * i + k] / 255.0;
      const double linear = srgb <= 0.04045 ? srgb / 12.92 : std::pow((srgb + 0.055) / 1.055, 2.4);
      EXPECT_NEAR(reader.next<std::uint16_t>(), 65535 * linear, 0.51);
    }
    EXPECT_EQ(reader.next<std::uint16_t>(), 65535);
  }
}

TEST(Glb, SaysTheBoundsOfEachPositionAccessor) {
  const Glb glb = parse_glb(encode_glb(wall_scene(2, 4, 6)));
  const std::vector<float> values = positions_of(glb, "points");
  for (std::size_t k = 0; k < 3; ++k) {
    float low = values[k];
    float high = values[k];
    for (std::size_t i = k; i < values.size(); i += 3) {
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
    EXPECT_EQ(glb.gltf.at("accessors")[0].at("min")[k].get<float>(), low);
    EXPECT_EQ(glb.gltf.at("accessors")[0].at("max")[k].get<float>(), high);
  }
}

TEST(Glb, PutsAViewpointWhereEachPhotoWasTaken) {
  const scene::Scene scene = wall_scene(3, 4, 6);
  const Glb glb = parse_glb(encode_glb(scene));
  const json& viewpoint = node(glb, "view_photo2");
  const json& matrix = viewpoint.at("matrix");
  const std::array<double, 16> pose = world_from_camera(scene.views[2].camera);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(matrix[k].get<double>(), pose[4 * k], 1e-12);           // right
    EXPECT_NEAR(matrix[4 + k].get<double>(), -pose[4 * k + 1], 1e-12);  // up is against OpenCV's y
    EXPECT_NEAR(matrix[8 + k].get<double>(), -pose[4 * k + 2], 1e-12);  // back is against its z
    EXPECT_NEAR(matrix[12 + k].get<double>(), pose[4 * k + 3], 1e-12);
  }
  const json& camera = glb.gltf.at("cameras")[viewpoint.at("camera").get<std::size_t>()].at("perspective");
  EXPECT_NEAR(camera.at("yfov").get<double>(), 2 * std::atan(20 / 55.2), 1e-12);        // H0 40, fy 55.2
  EXPECT_NEAR(camera.at("aspectRatio").get<double>(), 60 * 55.2 / (40 * 54.0), 1e-12);  // W0 60, fx 54
}

TEST(Glb, TakesTheFirstCameraOffALargeWorld) {
  const std::array<double, 3> utm{512345.25, 30, 5412345.5};
  const scene::Scene scene = wall_scene(2, 5, 7, utm);
  const Glb glb = parse_glb(encode_glb(scene));
  const json& origin = node(glb, "origin").at("translation");
  const std::vector<float> values = positions_of(glb, "points");
  for (std::size_t i = 0; i < scene.cloud.points.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(values[3 * i + k] + origin[k].get<double>(), scene.cloud.points[i].position[k], 1e-6);
    }
  }
}

TEST(Glb, WithoutPointsHasNoMeshOfThem) {
  scene::Scene scene = wall_scene(2, 2, 2);
  scene.cloud = {};
  const Glb glb = parse_glb(encode_glb(scene));
  EXPECT_TRUE(positions_of(glb, "points").empty());
  EXPECT_FALSE(positions_of(glb, "cameras").empty());
  const Glb bare = parse_glb(encode_glb(scene, {.cameras = false}));
  EXPECT_FALSE(bare.gltf.contains("meshes"));
  EXPECT_FALSE(bare.gltf.contains("buffers"));
}

TEST(PointsPly, HoldsPointsColoursAndConfidence) {
  const scene::Scene scene = wall_scene(2, 3, 4);
  const Bytes file = encode_points_ply(scene, true);
  Reader reader(file);
  std::string header;
  while (header.find("end_header\n") == std::string::npos) header += reader.next<char>();
  EXPECT_THAT(header, ::testing::StartsWith("ply\nformat binary_little_endian 1.0\ncomment da3 "));
  EXPECT_THAT(header, ::testing::HasSubstr("comment unit relative\nelement vertex 24\nproperty float x\n"));
  for (std::size_t i = 0; i < 24; ++i) {
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_EQ(reader.next<float>(), static_cast<float>(scene.cloud.points[i].position[k]));
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(reader.next<std::uint8_t>(), scene.cloud.points[i].rgb[k]);
    EXPECT_EQ(reader.next<float>(), scene.cloud.points[i].confidence);
  }
  EXPECT_TRUE(reader.ended());
}

TEST(PointsPly, KeepsALargeWorldInDouble) {
  const scene::Scene scene = wall_scene(1, 3, 4, {5e5, 0, 5e6});
  const Bytes file = encode_points_ply(scene);
  Reader reader(file);
  std::string header;
  while (header.find("end_header\n") == std::string::npos) header += reader.next<char>();
  EXPECT_THAT(header, ::testing::HasSubstr("property double z"));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(reader.next<double>(), scene.cloud.points[0].position[k]);
}

std::vector<scene::Gaussian> two_gaussians() {
  scene::Gaussian good{.mean = {1, 2, 3}, .scale = {0.5F, 1, 2}, .rotation = {1, 0, 0, 0}, .opacity = 0.75F};
  for (std::size_t i = 0; i < 27; ++i) good.harmonics[i] = static_cast<float>(i);
  scene::Gaussian bad = good;
  bad.scale[1] = -0.1F;
  return {good, bad};
}

TEST(GaussiansPly, WritesTheRowsOfThe3dgsTrainerAndDropsImpossibleOnes) {
  const GaussiansPly ply = encode_gaussians_ply(two_gaussians(), 1);
  EXPECT_EQ(ply.dropped, 1U);
  Reader reader(ply.bytes);
  std::string header;
  while (header.find("end_header\n") == std::string::npos) header += reader.next<char>();
  EXPECT_THAT(header, ::testing::HasSubstr("element vertex 1\n"));
  EXPECT_THAT(header, ::testing::HasSubstr("f_rest_8\nproperty float opacity"));
  std::vector<float> row;
  while (!reader.ended()) row.push_back(reader.next<float>());
  // Harmonics (3 colours, 9 bands) 0..26: DC 0, 9, 18; degree 1 colour by colour.
  const std::vector<float> expected{1,
                                    2,
                                    3,
                                    0,
                                    0,
                                    0,
                                    0,
                                    9,
                                    18,
                                    1,
                                    2,
                                    3,
                                    10,
                                    11,
                                    12,
                                    19,
                                    20,
                                    21,
                                    std::log(3.0F),
                                    std::log(0.5F),
                                    0,
                                    std::log(2.0F),
                                    1,
                                    0,
                                    0,
                                    0};
  ASSERT_EQ(row.size(), expected.size());
  for (std::size_t i = 0; i < row.size(); ++i) EXPECT_FLOAT_EQ(row[i], expected[i]) << i;
}

TEST(Colmap, RefersEachPointToItsPixelAndBack) {
  scene::Scene scene = wall_scene(3, 3, 4);
  const std::vector<TrackElement> tracks{{0, 2, 7.5, 8.5}, {5, 1, 1.25, 2.5}, {5, 2, 3.0, 4.0}};
  std::map<std::string, Bytes> files;
  for (NamedFile& file : encode_colmap(scene, false, tracks)) files.insert(std::move(file));

  Reader cameras(files.at("cameras.bin"));
  ASSERT_EQ(cameras.next<std::uint64_t>(), 3U);
  EXPECT_EQ(cameras.next<std::uint32_t>(), 1U);
  EXPECT_EQ(cameras.next<std::int32_t>(), 1);
  EXPECT_EQ(cameras.next<std::uint64_t>(), 40U);  // Width first
  EXPECT_EQ(cameras.next<std::uint64_t>(), 30U);
  for (const double value : {36.0, 36.8, 18.0, 16.0})
    EXPECT_DOUBLE_EQ(cameras.next<double>(), value);  // fx fy cx cy

  struct Seen {
    double x, y;
    std::uint64_t point;
  };
  std::vector<std::vector<Seen>> seen(4);
  Reader images(files.at("images.bin"));
  ASSERT_EQ(images.next<std::uint64_t>(), 3U);
  for (std::uint32_t id = 1; id <= 3; ++id) {
    EXPECT_EQ(images.next<std::uint32_t>(), id);
    std::array<double, 4> q{};
    for (double& value : q) value = images.next<double>();
    const auto& e = scene.views[id - 1].camera.camera_from_world;
    EXPECT_NEAR(1 - 2 * (q[2] * q[2] + q[3] * q[3]), e[0], 1e-12);
    EXPECT_NEAR(2 * (q[1] * q[3] + q[0] * q[2]), e[2], 1e-12);
    for (const std::size_t k : {3U, 7U, 11U}) EXPECT_EQ(images.next<double>(), e[k]);
    EXPECT_EQ(images.next<std::uint32_t>(), id);
    EXPECT_EQ(images.text_until('\0'), scene.views[id - 1].name + ".jpg");
    seen[id].resize(images.next<std::uint64_t>());
    for (Seen& each : seen[id])
      each = {images.next<double>(), images.next<double>(), images.next<std::uint64_t>()};
  }
  EXPECT_TRUE(images.ended());

  Reader points(files.at("points3D.bin"));
  ASSERT_EQ(points.next<std::uint64_t>(), 36U);
  for (std::uint64_t id = 1; id <= 36; ++id) {
    EXPECT_EQ(points.next<std::uint64_t>(), id);
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_EQ(points.next<double>(), scene.cloud.points[id - 1].position[k]);
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_EQ(points.next<std::uint8_t>(), scene.cloud.points[id - 1].rgb[k]);
    EXPECT_EQ(points.next<double>(), 0.0);
    const auto length = points.next<std::uint64_t>();
    EXPECT_EQ(length, id == 1 ? 2U : id == 6 ? 3U : 1U);
    for (std::uint64_t i = 0; i < length; ++i) {
      const auto image = points.next<std::uint32_t>();
      const Seen& pixel = seen.at(image).at(points.next<std::uint32_t>());
      EXPECT_EQ(pixel.point, id);
      if (i == 0) {
        EXPECT_EQ(pixel.x, (scene.cloud.points[id - 1].column + 0.5) * 10);
        EXPECT_EQ(pixel.y, (scene.cloud.points[id - 1].row + 0.5) * 10);
      }
    }
  }
  EXPECT_TRUE(points.ended());
}

TEST(Tracks, HoldWhatAnotherViewSeesAtTheSameDepth) {
  // Two views side by side of a plane 4 away: a point at column c of the first is at c - 2 of the second (fx
  // 8, base line 1).
  scene::Scene scene;
  scene.cloud.threshold = 1.5;
  for (std::size_t i = 0; i < 2; ++i) {
    scene::View view;
    view.place = {{32, 64}, {16, 32}};
    view.input.size = {16, 32};
    view.camera.camera_from_world = {1, 0, 0, i == 0 ? 0.0 : -1.0, 0, 1, 0, 0, 0, 0, 1, 0};
    view.camera.intrinsics = {8, 0, 16, 0, 8, 8, 0, 0, 1};
    view.depth.assign(16 * 32, 4.0F);
    view.confidence.assign(16 * 32, 2.0F);
    scene.views.push_back(view);
  }
  const auto add = [&](std::uint32_t row, std::uint32_t column) {
    scene::Point point;
    point.row = row;
    point.column = column;
    point.position = {(column + 0.5 - 16) / 2, (row + 0.5 - 8) / 2, 4};
    scene.cloud.points.push_back(point);
  };
  add(1, 0);   // Leaves the second picture
  add(1, 9);   // Seen at column 7
  add(1, 10);  // In the same cell as the one before
  add(1, 17);  // At column 15, which is nearer
  add(9, 17);  // At column 15, not sure
  add(9, 25);  // Seen at column 23
  scene.views[1].depth[1 * 32 + 15] = 3.9F;
  scene.views[1].confidence[9 * 32 + 15] = 1.2F;
  const std::vector<TrackElement> tracks = tracks_of(scene);
  ASSERT_EQ(tracks.size(), 2U);
  EXPECT_EQ(tracks[0].point, 1U);
  EXPECT_EQ(tracks[0].view, 1U);
  EXPECT_EQ(tracks[0].x, 15);  // (7 + 0.5) * 2
  EXPECT_EQ(tracks[0].y, 3);
  EXPECT_EQ(tracks[1].point, 5U);
  EXPECT_EQ(tracks[1].x, 47);
}

TEST(Colmap, TurnsRotationsOfEveryKindIntoQuaternions) {
  // Half turns about each axis have trace -1, where the form by the trace fails.
  const std::array<std::array<double, 3>, 3> axes{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    scene::Scene scene = wall_scene(1, 1, 1);
    auto& e = scene.views[0].camera.camera_from_world;
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t k = 0; k < 3; ++k) e[4 * i + k] = i != k ? 0 : axes[axis][i] == 1 ? 1 : -1;
    }
    const Bytes file = encode_colmap(scene)[1].second;
    Reader images(file, 12);
    EXPECT_NEAR(images.next<double>(), 0, 1e-15);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(std::abs(images.next<double>()), axes[axis][k], 1e-15);
  }
}

TEST(Colmap, RefusesTextForANameWithABlank) {
  scene::Scene scene = wall_scene(1, 1, 1);
  scene.views[0].name = "my photo";
  EXPECT_NO_THROW(encode_colmap(scene));
  try {
    encode_colmap(scene, true);
    FAIL() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("my photo.jpg"));
  }
}

TEST(CamerasJson, ReadsBackTheSameDoubles) {
  scene::Scene scene = wall_scene(2, 3, 4, {0.1, 1e6 / 3, 0});
  scene.views[1].name = "caf\xE9";
  scene.views[1].predicted = scene.views[0].camera;
  const Bytes file = encode_cameras_json(scene);
  const json read = json::parse(file.begin(), file.end());
  EXPECT_EQ(read.at("schema"), 1);
  EXPECT_EQ(read.at("reference"), 1);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(read.at("views")[1].at("camera_from_world")[i / 4][i % 4].get<double>(),
              scene.views[1].camera.camera_from_world[i]);
  }
  EXPECT_EQ(read.at("views")[0].at("intrinsics")[1][2].get<double>(), 16);
  EXPECT_EQ(read.at("views")[1].at("predicted").at("intrinsics")[0][0].get<double>(), 36);
  EXPECT_EQ(read.at("views")[1].at("photo_base64"), "Y2Fm6S5qcGc=");
  EXPECT_FALSE(read.at("views")[0].contains("photo_base64"));
}

TEST(TransformsJson, HasOpenGlAxesAndTheFilesBesideIt) {
  const scene::Scene scene = wall_scene(2, 3, 4);
  const Bytes file =
      encode_transforms_json(scene, {.points = "points.ply", .depth = {"depth/a.png", "depth/b.png"}});
  const json read = json::parse(file.begin(), file.end());
  EXPECT_EQ(read.at("camera_model"), "OPENCV");
  EXPECT_EQ(read.at("ply_file_path"), "points.ply");
  const json& frame = read.at("frames")[1];
  EXPECT_EQ(frame.at("file_path"), "images/photo1.jpg");
  EXPECT_EQ(frame.at("depth_file_path"), "depth/b.png");
  EXPECT_EQ(frame.at("w"), 40);
  EXPECT_DOUBLE_EQ(frame.at("fl_y").get<double>(), 36.8);
  const std::array<double, 16> pose = world_from_camera(scene.views[1].camera);
  const std::array<double, 4> sign{1, -1, -1, 1};
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_NEAR(frame.at("transform_matrix")[i / 4][i % 4].get<double>(), pose[i] * sign[i % 4], 1e-15);
  }
}

TEST(SceneNpz, HoldsTheMapsOfAllViewsInFull) {
  scene::Scene scene = wall_scene(2, 2, 3);
  scene.views[0].depth[0] = 0.1F;
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "scene_npz_test.npz";
  const Bytes file = encode_scene_npz(scene);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  const std::map<std::string, testing::Array> arrays = testing::read_npz(path);
  std::filesystem::remove(path);
  EXPECT_EQ(arrays.at("depth").shape, (std::vector<std::int64_t>{2, 2, 3}));
  EXPECT_EQ(arrays.at("depth").floats[0], 0.1F);
  EXPECT_EQ(arrays.at("depth").floats[11], scene.views[1].depth[5]);
  EXPECT_EQ(arrays.at("conf").floats[7], scene.views[1].confidence[1]);
  EXPECT_EQ(arrays.at("image").shape, (std::vector<std::int64_t>{2, 2, 3, 3}));
  EXPECT_EQ(arrays.at("image").bytes[20], scene.views[1].input.rgb[2]);
  EXPECT_FALSE(arrays.contains("sky"));
  scene.views[1].input.size = {3, 2};
  EXPECT_THROW(encode_scene_npz(scene), Error);
}

TEST(ImageName, IsThatOfTheUprightCopyWhereThereIsOne) {
  EXPECT_EQ(image_name(scene::View{.name = "in/a", .file = "x/in/a.png"}), "in/a.png");
  EXPECT_EQ(image_name(scene::View{.name = "in/a", .file = "x/in/a.tif", .turned = true}), "in/a.jpg");
  EXPECT_EQ(image_name(scene::View{.name = "in/a", .file = "in/a.heic", .is_widely_read = false}),
            "in/a.jpg");
  EXPECT_EQ(image_name(scene::View{.name = "in/a.png", .file = "x/in/a.png"}), "in/a.png");
  EXPECT_EQ(image_name(scene::View{.name = "a.png", .file = "a.png.png"}), "a.png.png");
}

}  // namespace
}  // namespace da3::formats
