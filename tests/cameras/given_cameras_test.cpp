// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>

#include <cameras/given_cameras.hpp>
#include <cameras/readers.hpp>
#include <formats/float_formats.hpp>
#include <formats/scene/scene_files.hpp>
#include <formats/scene/scene_fixture.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <testing/temporary_folder.hpp>

namespace da3::cameras {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

template <typename Bytes>
fs::path write(const fs::path& file, const Bytes& bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return file;
}

void expect_error(ErrorCode code, const std::string& part, const std::function<void()>& call) {
  try {
    call();
    ADD_FAILURE() << "nothing thrown, expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

class GivenCamerasTest : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
  const scene::Scene scene_ = testing::wall_scene(3, 3, 4, {0.3, 1, -2});

  /// Rotations go through quaternions or inverses: 1e-12; K is kept as it is.
  void expect_scene(const GivenCameras& given) {
    ASSERT_EQ(given.cameras.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      const Camera camera = scene_.views[i].photo_camera();
      for (std::size_t k = 0; k < 12; ++k)
        EXPECT_NEAR(given.cameras[i].camera_from_world[k], camera.camera_from_world[k], 1e-12);
      EXPECT_EQ(given.cameras[i].intrinsics, camera.intrinsics);
      EXPECT_EQ(given.cameras[i].size, scene_.views[i].place.photo_size);
      EXPECT_EQ(given.cameras[i].distortion, "");
      EXPECT_EQ(fs::path(given.cameras[i].photo).filename(), scene_.views[i].name + ".jpg");
    }
  }
};

TEST_F(GivenCamerasTest, ReadsWhatTheExportsWrite) {
  expect_scene(read_cameras(write(folder_.path() / "cameras.json", formats::encode_cameras_json(scene_))));
  expect_scene(
      read_cameras(write(folder_.path() / "transforms.json", formats::encode_transforms_json(scene_, {}))));
  for (const bool text : {false, true}) {
    const fs::path model = folder_.path() / (text ? "text" : "binary") / "sparse" / "0";
    for (const auto& [name, bytes] : formats::encode_colmap(scene_, text)) write(model / name, bytes);
    expect_scene(read_cameras(model));
    expect_scene(read_cameras(model.parent_path().parent_path()));
  }
}

TEST_F(GivenCamerasTest, ReadsAnNpzWithTheNamesOfThePhotos) {
  const GivenCameras given =
      read_cameras(write(folder_.path() / "scene.npz", formats::encode_scene_npz(scene_)));
  ASSERT_EQ(given.cameras.size(), 3U);
  EXPECT_EQ(given.cameras[2].photo, "photo2.jpg");
  EXPECT_EQ(given.cameras[2].camera_from_world, scene_.views[2].camera.camera_from_world);
  const std::array<double, 9> k = intrinsics_for(given.cameras[2], {30, 40});
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(k[i], scene_.views[2].photo_camera().intrinsics[i], 1e-12);

  scene::Scene cut = scene_;
  cut.views[1].place.left = 14;
  expect_error(ErrorCode::kSceneCameras, "cameras.json",
               [&] { read_cameras(write(folder_.path() / "cut.npz", formats::encode_scene_npz(cut))); });
}

// Shapes whose products wrap to what the data have, types whose length does, and sizes beyond an int.
TEST_F(GivenCamerasTest, RefusesAnNpzThatLiesAboutItsShapes) {
  constexpr std::size_t kThirdOfOne = 0xAAAAAAAAAAAAAAABULL;  // Times 3 it is 1
  const std::vector<std::uint8_t> numbers(32, 0);
  const formats::NpyArray pose{"<f8", {1, 3, 4}, std::vector<std::uint8_t>(96, 0)};
  const formats::NpyArray lens{"<f8", {1, 3, 3}, std::vector<std::uint8_t>(72, 0)};
  const auto refused = [&](const std::string& part,
                           const std::vector<std::pair<std::string, formats::NpyArray>>& arrays) {
    expect_error(ErrorCode::kSceneCameras, part,
                 [&] { read_cameras(write(folder_.path() / "lie.npz", formats::encode_npz(arrays))); });
  };
  refused("extrinsics: its shape makes no sense", {{"extrinsics", {"<f8", {kThirdOfOne, 3, 4}, numbers}},
                                                   {"intrinsics", {"<f8", {kThirdOfOne, 3, 3}, numbers}}});
  refused("intrinsics has no values", {{"extrinsics", pose}, {"intrinsics", {"<f8", {1, 3, 3}, numbers}}});
  refused("photo: ",
          {{"extrinsics", pose}, {"intrinsics", lens}, {"photo", {"<U4611686018427387904", {1}, numbers}}});
  refused("photo has not as many texts",
          {{"extrinsics", pose}, {"intrinsics", lens}, {"photo", {"<U9", {1}, numbers}}});
  refused("impossible size", {{"extrinsics", pose},
                              {"intrinsics", lens},
                              {"depth", {"<f4", {1, 1, std::size_t{1} << 32U}, numbers}}});
}

TEST_F(GivenCamerasTest, RefusesSizesThatNoPictureHas) {
  for (const char* const size : {"0", "-3", "1e300", "16777217"}) {
    const std::string sides = std::string(R"("w": )") + size + R"(, "h": 600)";
    const std::string text = "{" + sides + R"(, "fl_x": 500, "cx": 1, "cy": 1,
      "frames": [{"file_path": "1.jpg", "transform_matrix": [[1,0,0,2],[0,1,0,3],[0,0,1,4],[0,0,0,1]]}]})";
    expect_error(ErrorCode::kSceneCameras, "impossible size",
                 [&] { read_cameras(write(folder_.path() / "transforms.json", text)); });
    const std::string own = std::string(R"({"views": [{"photo": "1.jpg", "height": 600, "width": )") + size +
                            R"(, "camera_from_world": [[1,0,0,0],[0,1,0,0],[0,0,1,0]],
      "intrinsics": [[500,0,1],[0,500,1],[0,0,1]]}]})";
    expect_error(ErrorCode::kSceneCameras, "impossible size",
                 [&] { read_cameras(write(folder_.path() / "cameras.json", own)); });
  }
}

TEST_F(GivenCamerasTest, KeepsFocalLengthsAndPrincipalPointsOfLensesWithDistortion) {
  const std::string images = "1 1 0 0 0 0 0 0 7 a b.jpg\n\n";
  const auto read = [&](const std::string& camera, Distortion distortion) {
    write(folder_.path() / "model" / "cameras.txt", "# comment\n" + camera + "\n");
    write(folder_.path() / "model" / "images.txt", images);
    return read_cameras(folder_.path() / "model", distortion).cameras.at(0);
  };
  const std::string opencv = "7 OPENCV 640 480 500 510 320.5 239.5 0.1 0 0 0";
  expect_error(ErrorCode::kUsage, "image_undistorter", [&] { read(opencv, Distortion::kRefuse); });
  const GivenCamera camera = read(opencv, Distortion::kIgnore);
  EXPECT_EQ(camera.intrinsics, (std::array<double, 9>{500, 0, 320.5, 0, 510, 239.5, 0, 0, 1}));
  EXPECT_EQ(camera.photo, "a b.jpg");
  EXPECT_EQ(camera.size, (Size{480, 640}));

  EXPECT_EQ(read("7 OPENCV 640 480 500 510 320 240 0 0 0 0", Distortion::kRefuse).distortion, "");
  EXPECT_EQ(read("7 SIMPLE_RADIAL 640 480 500 320 240 0", Distortion::kRefuse).intrinsics[4], 500);
  expect_error(ErrorCode::kUsage, "FISHEYE",
               [&] { read("7 OPENCV_FISHEYE 640 480 500 500 320 240 0 0 0 0", Distortion::kRefuse); });
  expect_error(ErrorCode::kSceneCameras, "POLAR", [&] { read("7 POLAR 640 480 500", Distortion::kIgnore); });
  expect_error(ErrorCode::kSceneCameras, "camera 7",
               [&] { read("8 PINHOLE 640 480 500 500 320 240", Distortion::kIgnore); });
  expect_error(ErrorCode::kSceneCameras, "4x0",
               [&] { read("7 PINHOLE 640 480 4x0 500 320 240", Distortion::kIgnore); });
}

TEST_F(GivenCamerasTest, TakesTheAngleOfViewOfInstantNgp) {
  const std::string text = R"({"camera_angle_x": 1.2, "w": 800, "h": 600, "k1": 0,
    "frames": [{"file_path": "./images/1.jpg", "transform_matrix": [[1,0,0,2],[0,1,0,3],[0,0,1,4],[0,0,0,1]]}]})";
  const GivenCamera camera = read_cameras(write(folder_.path() / "transforms.json", text)).cameras.at(0);
  const double f = 400 / std::tan(0.6);
  EXPECT_EQ(camera.intrinsics, (std::array<double, 9>{f, 0, 400, 0, f, 300, 0, 0, 1}));
  // A camera that looks along -z with y up: OpenCV's y and z are turned, its centre is (2, 3, 4).
  EXPECT_EQ(camera.camera_from_world, (std::array<double, 12>{1, 0, 0, -2, 0, -1, 0, 3, 0, 0, -1, 4}));
}

TEST_F(GivenCamerasTest, SaysWhatIsWrongWithACamera) {
  scene::Scene scene = scene_;
  const auto reading = [&] {
    read_cameras(write(folder_.path() / "cameras.json", formats::encode_cameras_json(scene)));
  };
  scene.views[1].camera.camera_from_world[0] *= 2;
  expect_error(ErrorCode::kSceneCameras,
               "camera 1 (photo1.jpg) has extrinsics whose left 3x3 part is no rotation", reading);
  scene = scene_;
  for (std::size_t i = 0; i < 3; ++i) scene.views[0].camera.camera_from_world[i] *= -1;
  expect_error(ErrorCode::kSceneCameras, "mirror", reading);
  scene = scene_;
  scene.views[2].camera.intrinsics[4] = 0;
  expect_error(ErrorCode::kSceneCameras, "focal length", reading);
  scene.views.clear();
  expect_error(ErrorCode::kSceneCameras, "no cameras", reading);
  expect_error(ErrorCode::kUsage, "no such file", [&] { read_cameras(folder_.path() / "nothing"); });
  expect_error(ErrorCode::kUsage, "only regular files", [&] { read_cameras("/dev/null"); });
  expect_error(ErrorCode::kSceneCameras, "COLMAP", [&] { read_cameras(folder_.path()); });
  expect_error(ErrorCode::kSceneCameras, "frames",
               [&] { read_cameras(write(folder_.path() / "list.json", std::string("[]"))); });
}

TEST_F(GivenCamerasTest, RefusesTransposedMatrices) {
  const std::string pose = "[[1,0,0,0],[0,1,0,0],[0,0,1,0],[2,3,4,1]]";
  const auto refused = [&](const std::string& text) {
    expect_error(ErrorCode::kSceneCameras, "transposed",
                 [&] { read_cameras(write(folder_.path() / "cameras.json", text)); });
  };
  refused(R"({"w": 4, "h": 3, "fl_x": 5, "frames": [{"file_path": "a.jpg", "transform_matrix": )" + pose +
          "}]}");
  refused(R"({"views": [{"photo": "a.jpg", "height": 3, "width": 4, "camera_from_world": )" + pose +
          R"(, "intrinsics": [[5,0,2],[0,5,1],[0,0,1]]}]})");
  const auto bytes_of = [](const std::vector<double>& values) {
    std::vector<std::uint8_t> bytes(values.size() * sizeof(double));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  };
  const formats::NpyArray poses{"<f8", {1, 4, 4}, bytes_of({1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 2, 3, 4, 1})};
  const formats::NpyArray lenses{"<f8", {1, 3, 3}, bytes_of({5, 0, 2, 0, 5, 1, 0, 0, 1})};
  expect_error(ErrorCode::kSceneCameras, "transposed", [&] {
    read_cameras(write(folder_.path() / "k.npz",
                       formats::encode_npz({{"extrinsics", poses}, {"intrinsics", lenses}})));
  });
}

TEST_F(GivenCamerasTest, RefusesOtherSchemasAndConventions) {
  const formats::Bytes bytes = formats::encode_cameras_json(scene_);
  const std::string text(bytes.begin(), bytes.end());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return write(folder_.path() / "cameras.json", changed);
  };
  expect_error(ErrorCode::kSceneCameras, "schema 2, this da3 reads 1",
               [&] { read_cameras(with(R"("schema": 1)", R"("schema": 2)")); });
  expect_error(ErrorCode::kSceneCameras, "OpenGL",
               [&] { read_cameras(with("camera_from_world, OpenCV", "world_from_camera, OpenGL")); });
}

TEST_F(GivenCamerasTest, NeverReadsPastTheEndOfAFile) {
  std::map<std::string, formats::Bytes> files;
  for (auto& [name, bytes] : formats::encode_colmap(scene_)) files[name] = bytes;
  const formats::Bytes& cameras = files.at("cameras.bin");
  const formats::Bytes& images = files.at("images.bin");
  EXPECT_EQ(read_colmap_binary(cameras, images).size(), 3U);
  for (std::size_t end = 0; end < images.size(); ++end) {
    EXPECT_THROW(read_colmap_binary(cameras, std::span(images).first(end)), Error) << end;
  }
  for (std::size_t end = 0; end < cameras.size(); ++end) {
    EXPECT_THROW(read_colmap_binary(std::span(cameras).first(end), images), Error) << end;
  }
  formats::Bytes many = images;
  many[0] = many[1] = many[6] = 0xFF;  // More images than bytes
  EXPECT_THROW(read_colmap_binary(cameras, many), Error);
}

GivenCameras named(std::initializer_list<const char*> names) {
  GivenCameras given;
  given.source = "cameras.json";
  for (const char* name : names) given.cameras.push_back({.photo = name});
  return given;
}

std::vector<std::size_t> matched(const GivenCameras& given, const std::vector<fs::path>& photos) {
  return match_cameras(given, photos).camera_of_photo;
}

TEST(MatchCameras, ComparesTheEndsOfPathsAndCountsWhatIsLeft) {
  EXPECT_EQ(matched(named({"b.jpg", "a.jpg"}), {"in/a.jpg", "in/b.jpg"}), (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(matched(named({"left/1.jpg", "right/1.jpg"}), {"x/right/1.jpg", "x/left/1.jpg"}),
            (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(matched(named({"images/1.jpg"}), {"elsewhere/1.jpg"}), (std::vector<std::size_t>{0}));
  EXPECT_EQ(matched(named({"./images/1.jpg"}), {"images/1.jpg"}), (std::vector<std::size_t>{0}));
  const std::vector<fs::path> one{"a.jpg"};
  EXPECT_EQ(match_cameras(named({"a.jpg", "b.jpg", "c.jpg"}), one).unused, 2U);
  EXPECT_EQ(matched(named({"", ""}), {"x.jpg", "y.jpg"}), (std::vector<std::size_t>{0, 1}));
}

TEST(MatchCameras, KnowsTheNamesThatItsOwnFilesHave) {
  const std::vector<fs::path> photos{"in/a.jpg", "in/a.png", "in/b.heic"};
  const std::vector<std::string> written{"a.jpg.jpg", "a.png.png", "b.jpg"};
  const GivenCameras given = named({"b.jpg", "a.png.png", "a.jpg.jpg"});
  EXPECT_EQ(match_cameras(given, photos, written).camera_of_photo, (std::vector<std::size_t>{2, 1, 0}));
  EXPECT_EQ(match_cameras(named({"a.jpg", "a.png", "b.heic", "b.jpg"}), photos, written).camera_of_photo,
            (std::vector<std::size_t>{0, 1, 2}))
      << "the photo's own name comes first";
  expect_error(ErrorCode::kUsage, "in/a.jpg", [&] { match_cameras(given, photos); });
}

TEST(MatchCameras, RefusesToGuess) {
  expect_error(ErrorCode::kUsage, "1 of 2 photos have no camera in it: c.jpg",
               [] { matched(named({"a.jpg"}), {"a.jpg", "c.jpg"}); });
  expect_error(ErrorCode::kUsage, "same name",
               [] { matched(named({"1.jpg"}), {"left/1.jpg", "right/1.jpg"}); });
  expect_error(ErrorCode::kUsage, "same name",
               [] { matched(named({"left/1.jpg", "right/1.jpg"}), {"other/1.jpg"}); });
  expect_error(ErrorCode::kUsage, "in the order", [] { matched(named({"", ""}), {"x.jpg"}); });
  expect_error(ErrorCode::kUsage, "1 of its 2 cameras have no name",
               [] { matched(named({"b.jpg", ""}), {"a.jpg", "b.jpg"}); });
}

TEST(IntrinsicsFor, ScalesToThePhotoAndRefusesAnotherShape) {
  GivenCamera camera{
      .photo = "a.jpg", .size = Size{480, 640}, .intrinsics = {500, 0, 320, 0, 510, 240, 0, 0, 1}};
  EXPECT_EQ(intrinsics_for(camera, {960, 1280}),
            (std::array<double, 9>{1000, 0, 640, 0, 1020, 480, 0, 0, 1}));
  EXPECT_EQ(intrinsics_for(camera, {240, 321})[0], 500 * 321.0 / 640);  // 0.3 % apart
  expect_error(ErrorCode::kUsage, "640x480", [&] { intrinsics_for(camera, {640, 480}); });
}

TEST(IntrinsicsFor, RefusesFocalLengthsThatNoLensHas) {
  for (const double focal : {1e-300, 0.82, 1e9}) {
    const GivenCamera camera{.photo = "a.jpg", .intrinsics = {500, 0, 320, 0, focal, 240, 0, 0, 1}};
    expect_error(ErrorCode::kUsage, "not in parts of the picture",
                 [&] { intrinsics_for(camera, {480, 640}); });
  }
}

}  // namespace
}  // namespace da3::cameras
