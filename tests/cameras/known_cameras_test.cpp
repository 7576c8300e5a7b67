// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cameras/known_cameras.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <testing/temporary_folder.hpp>

namespace da3::cameras {
namespace {

using da3::testing::TemporaryFolder;
using image::Intrinsics;

class KnownCamerasTest : public ::testing::Test {
 protected:
  KnownCameras read(const std::string& name, const std::string& text) {
    return KnownCameras::read(folder_.write(name, text));
  }
  TemporaryFolder folder_;
};

TEST_F(KnownCamerasTest, ReadsColmapByPhotoName) {
  folder_.write("images.txt",
                "# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME\n"
                "1 1 0 0 0 0 0 0 2 left/a.jpg\n1.5 2.5 -1\n2 1 0 0 0 0 0 0 1 b.jpg\n\n");
  const KnownCameras cameras =
      read("cameras.txt", "1 SIMPLE_RADIAL 200 100 150 100 50 0.01\n2 PINHOLE 200 100 160 170 99 49\n");
  EXPECT_EQ(cameras.find("x/a.jpg", {100, 200}), (Intrinsics{160, 170, 99, 49}));
  EXPECT_EQ(cameras.find("b.jpg", {100, 200}), (Intrinsics{150, 150, 100, 50}));
  EXPECT_EQ(cameras.find("c.jpg", {100, 200}), std::nullopt);
  EXPECT_EQ(cameras.find("b.jpg", {50, 100}), (Intrinsics{75, 75, 50, 25})) << "a smaller copy";
  EXPECT_THROW(cameras.find("b.jpg", {200, 100}), Error) << "a turned photo is another camera";
}

TEST_F(KnownCamerasTest, PhotosOfOneNameAreToldApartByTheirFolders) {
  const char* const rig = R"({"cam1/a.jpg": {"fx": 5, "cx": 0.5, "cy": 0.5},
                              "cam2/a.jpg": {"fx": 6, "cx": 0.5, "cy": 0.5}})";
  const KnownCameras cameras = read("rig.json", rig);
  EXPECT_EQ(cameras.find("rig/cam1/a.jpg", {2, 2}), (Intrinsics{5, 5, 1, 1}));
  EXPECT_EQ(cameras.find("rig/x/../cam2/a.jpg", {2, 2}), (Intrinsics{6, 6, 1, 1}));
  EXPECT_THROW(cameras.find("elsewhere/a.jpg", {2, 2}), Error);
}

TEST_F(KnownCamerasTest, SaysWhereOnlyTheFileNameIsThePhotos) {
  const KnownCameras cameras = read("rig.json", R"({"cam1/a.jpg": {"fx": 5, "cx": 0.5, "cy": 0.5},
                                                    "b.jpg": {"fx": 6, "cx": 0.5, "cy": 0.5},
                                                    "/far/cam1/c.jpg": {"fx": 7, "cx": 0.5, "cy": 0.5}})");
  EXPECT_EQ(cameras.find("rig/cam2/a.jpg", {2, 2}), (Intrinsics{5, 5, 1, 1})) << "moved, perhaps";
  const auto doubt = cameras.doubt("rig/cam2/a.jpg");
  ASSERT_TRUE(doubt);
  EXPECT_THAT(*doubt, ::testing::HasSubstr("is that of cam1/a.jpg"));
  for (const char* sure : {"rig/cam1/a.jpg", "rig/cam2/b.jpg", "rig/cam1/c.jpg", "rig/d.jpg"})
    EXPECT_EQ(cameras.doubt(sure), std::nullopt) << sure;
}

TEST_F(KnownCamerasTest, AWholeNameWinsOverOneThatGoesOnOtherwise) {
  const KnownCameras cameras = read("rig.json", R"({"y/x/a.jpg": {"fx": 5, "cx": 0.5, "cy": 0.5},
                                                    "a.jpg": {"fx": 6, "cx": 0.5, "cy": 0.5},
                                                    "y/b.jpg": {"fx": 7, "cx": 0.5, "cy": 0.5},
                                                    "b.jpg": {"fx": 8, "cx": 0.5, "cy": 0.5}})");
  EXPECT_EQ(cameras.find("rig/x/a.jpg", {2, 2}), (Intrinsics{6, 6, 1, 1}));
  EXPECT_EQ(cameras.find("y/x/a.jpg", {2, 2}), (Intrinsics{5, 5, 1, 1}));
  EXPECT_EQ(cameras.find("rig/x/b.jpg", {2, 2}), (Intrinsics{8, 8, 1, 1}));
}

TEST_F(KnownCamerasTest, RefusesFocalLengthsThatNoLensHas) {
  for (const char* focal : {"0.8", "1e-300", "1e300"}) {
    const std::string text = R"({"cx": 0.5, "cy": 0.5, "fx": )" + std::string(focal) + "}";
    try {
      read("parts.json", text).find("a.jpg", {400, 600});
      ADD_FAILURE() << focal;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
    }
  }
}

TEST_F(KnownCamerasTest, ItsDigestIsThatOfAllThatDecides) {
  const char* const two = "1 PINHOLE 200 100 160 170 99 49\n2 PINHOLE 200 100 150 150 99 49\n";
  folder_.write("images.txt", "1 1 0 0 0 0 0 0 1 a.jpg\n\n");
  const std::string first = read("cameras.txt", two).sha256();
  EXPECT_EQ(read("cameras.txt", two).sha256(), first);
  folder_.write("images.txt", "1 1 0 0 0 0 0 0 2 a.jpg\n\n");
  EXPECT_NE(read("cameras.txt", two).sha256(), first) << "the photo has another camera";
}

TEST_F(KnownCamerasTest, ReadsOpenCvYaml) {
  const KnownCameras cameras =
      read("camera.yml",
           "%YAML:1.0\n---\nimage_width: 640\nimage_height: 480\ncamera_matrix: !!opencv-matrix\n"
           "   rows: 3\n   cols: 3\n   dt: d\n   data: [ 525., 0., 319.5, 0.,\n       526., 239.5, 0., 0., "
           "1. ]\n");
  EXPECT_EQ(cameras.find("any.jpg", {480, 640}), (Intrinsics{525, 526, 320, 240}));
}

TEST_F(KnownCamerasTest, ReadsJsonOfOneAndOfMany) {
  EXPECT_EQ(read("a.json", R"({"fx": 5, "fy": 6, "cx": 1.5, "cy": 2.5})").find("p.jpg", {9, 9}),
            (Intrinsics{5, 6, 2, 3}));
  EXPECT_EQ(
      read("b.json", R"({"width": 4, "height": 2, "intrinsic_matrix": [5, 0, 0, 0, 6, 0, 1.5, 0.5, 1]})")
          .find("p.jpg", {2, 4}),
      (Intrinsics{5, 6, 2, 1}));
  EXPECT_EQ(read("c.json", R"({"fl_x": 5, "w": 4, "h": 2, "cx": 2, "cy": 1})").find("p.jpg", {4, 8}),
            (Intrinsics{10, 10, 4, 2}));
  const KnownCameras many = read("d.json", R"({"p.jpg": {"fx": 5, "cx": 0.5, "cy": 0.5}})");
  EXPECT_EQ(many.find("in/p.jpg", {2, 2}), (Intrinsics{5, 5, 1, 1}));
  EXPECT_EQ(many.find("q.jpg", {2, 2}), std::nullopt);
}

TEST_F(KnownCamerasTest, ReadsTheCamerasOfAScene) {
  const KnownCameras nerf =
      read("transforms.json", R"({"w": 4, "h": 2, "fl_x": 5, "cx": 2, "cy": 1, "frames": [
      {"file_path": "in/a.jpg", "transform_matrix": [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]},
      {"file_path": "b.jpg", "fl_x": 6, "transform_matrix": [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}]})");
  EXPECT_EQ(nerf.find("x/a.jpg", {4, 8}), (Intrinsics{10, 10, 4, 2}));
  EXPECT_EQ(nerf.find("b.jpg", {2, 4}), (Intrinsics{6, 6, 2, 1}));
  const KnownCameras own = read("cameras.json", R"({"views": [{"photo": "c.jpg", "height": 2, "width": 4,
      "camera_from_world": [[1,0,0,0],[0,1,0,0],[0,0,1,0]], "intrinsics": [[5,0,2],[0,6,1],[0,0,1]]}]})");
  EXPECT_EQ(own.find("c.jpg", {2, 4}), (Intrinsics{5, 6, 2, 1}));
  EXPECT_EQ(own.find("d.jpg", {2, 4}), std::nullopt);
}

TEST_F(KnownCamerasTest, RefusesWhatItCannotUse) {
  for (const char* text :
       {"", "{", "{}", R"({"fx": -1, "cx": 1, "cy": 1})", R"({"fx": 5, "fy": "a", "cx": 1, "cy": 1})",
        R"({"intrinsic_matrix": [400, 0, 300, 0, 400, 200, 0, 0, 1]})",
        "1 OPENCV_FISHEYE 2 2 1 1 1 1 0 0 0 0\n", "1 PINHOLE 2 2 1 1\n",
        "1 PINHOLE 2 2 1 1 1 1\n2 PINHOLE 2 2 1 1 1 1\n", "%YAML:1.0\ncamera_matrix: 3\n", "hello\n"}) {
    EXPECT_THROW(read("bad.txt", text), Error) << text;
  }
  for (const std::filesystem::path& no_file : {folder_.path() / "missing.json", folder_.path()}) {
    try {
      KnownCameras::read(no_file);
      ADD_FAILURE() << no_file << " was read";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << "an option's file is no input that failed";
    }
  }
}

}  // namespace
}  // namespace da3::cameras
