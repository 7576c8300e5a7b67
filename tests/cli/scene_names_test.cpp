// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/scene_command.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kAllFormats = "glb,ply,colmap,transforms,cameras,npz,html";

TEST_F(SceneCommand, AFileNameMayBeAnyBytes) {
  std::filesystem::create_directories(*place / "odd");
  write_picture(*place / "odd/b.ppm", 80, 60, 1);
  write_picture(*place / "odd/\xff.ppm", 80, 60, 2);
  if (!std::filesystem::exists(*place / "odd/\xff.ppm"))
    GTEST_SKIP() << "a file system that takes names of any bytes is needed";
  const auto command = scene({"odd", "-o", "odd-out", "-f", kAllFormats, "--json"});
  const Ended ended = place->run(command);
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(files_below(*place / "odd-out"),
              ::testing::IsSupersetOf({"depth/\xff.png", "images/\xff.ppm"}));
  const auto lines = json_lines(ended.out);
  EXPECT_EQ(lines[1].at("path_base64"), "b2RkL/8ucHBt");
  EXPECT_EQ(lines[1].at("outputs_base64").at("image"), "aW1hZ2VzL/8ucHBt");
  EXPECT_FALSE(lines[0].contains("path_base64"));
  EXPECT_THAT(place->run(command).err, HasSubstr("done already"));

  for (const char* cameras :
       {"odd-out/cameras.json", "odd-out/sparse/0", "odd-out/transforms.json", "odd-out/scene.npz"}) {
    const Ended known = place->run(
        scene({"odd", "-o", std::string(cameras) + "-known", "-f", "cameras", "--cameras", cameras}));
    EXPECT_EQ(known.code, 0) << known.err;
  }
  // With fewer formats and --overwrite the file of that name goes, too.
  const Ended fewer =
      place->run(scene({"odd", "-o", "odd-out", "-f", "cameras", "--depth-format", "none", "--overwrite"}));
  EXPECT_EQ(fewer.code, 0) << fewer.err;
  EXPECT_THAT(files_below(*place / "odd-out"), ::testing::Not(::testing::Contains("depth/\xff.png")));
}

TEST_F(SceneCommand, CamerasOfPhotosOfOneStemAreReadBack) {
  for (const char* name : {"twins/a.ppm", "twins/a.pnm", "twins/b.ppm"}) {
    std::filesystem::create_directories(*place / "twins");
    write_picture(*place / name, 80, 60, 1);
  }
  for (const char* formats : {"cameras,npz,transforms,colmap"}) {
    const Ended ended =
        place->run(scene({"twins", "-o", "twins-out", "-f", formats, "--depth-format", "none"}));
    ASSERT_EQ(ended.code, 0) << ended.err;
  }
  for (const char* cameras : {"cameras.json", "scene.npz", "transforms.json", "sparse/0"}) {
    const Ended known =
        place->run(scene({"twins", "-o", std::string("twins-known/") + cameras, "-f", "none",
                          "--depth-format", "none", "--cameras", std::string("twins-out/") + cameras}));
    EXPECT_EQ(known.code, 0) << cameras << ": " << known.err;
  }
}

TEST_F(SceneCommand, WhatAFileCannotHoldIsToldBeforeAnythingIsWritten) {
  std::filesystem::create_directories(*place / "blank");
  write_picture(*place / "blank/a b.ppm", 80, 60, 1);
  write_picture(*place / "blank/c.ppm", 80, 60, 2);
  const Ended refused = place->run(scene({"blank", "-o", "blank-out", "-f", "colmap", "--colmap-text"}));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("'a b.ppm'"));
  EXPECT_THAT(refused.err, ::testing::Not(HasSubstr("view")));  // No forward pass began.
  const Ended right = place->run(scene({"blank", "-o", "blank-out", "-f", "colmap,cameras"}));
  EXPECT_EQ(right.code, 0) << right.err;

  nlohmann::json cameras = json_file("blank-out/cameras.json");
  cameras.at("views")[1].at("intrinsics")[0][1] = 3;
  std::ofstream(*place / "skew.json") << cameras;
  for (const char* format : {"colmap", "transforms"}) {
    const Ended skew = place->run(scene({"blank", "-o", "skew-out", "-f", format, "--cameras", "skew.json"}));
    EXPECT_EQ(skew.code, 2);
    EXPECT_THAT(skew.err, HasSubstr("blank/c.ppm has skew"));
  }
  const Ended held =
      place->run(scene({"blank", "-o", "skew-out", "-f", "cameras,ply", "--cameras", "skew.json"}));
  EXPECT_EQ(held.code, 0) << held.err;
  const auto skew = json_file("skew-out/cameras.json").at("views")[1].at("intrinsics")[0][1].get<double>();
  EXPECT_NEAR(skew, 3, 1e-12);  // Through the network's pixels and back
}

TEST_F(SceneCommand, SaysHowManyViewsAreThereAndWhoseFolderItIs) {
  std::filesystem::create_directories(*place / "part");
  write_picture(*place / "part/a.ppm", 80, 60, 1);
  write_picture(*place / "part/b.ppm", 80, 60, 2);
  std::ofstream(*place / "part/c.jpg") << "\xff\xd8\xff nothing more";
  const auto command = scene({"part", "-o", "part-out", "--skip-bad"});
  ASSERT_EQ(place->run(command).code, 0);
  EXPECT_THAT(place->run(command).err, HasSubstr("part-out: 2 views done already"));

  const Ended infer = place->run({"infer", "part/a.ppm", "-o", "part-out", "-m", "small.pt",
                                  "--allow-synthetic", "--device", "cpu", "--process-res", "56"});
  EXPECT_EQ(infer.code, 1);
  EXPECT_THAT(infer.err, HasSubstr("this folder holds a scene"));
}

// Of a photo of one pixel the cut to the others' shape may show nothing.
TEST_F(SceneCommand, PhotosOfAPixelOrTwoAreNotInTheWay) {
  std::filesystem::create_directories(*place / "tiny");
  write_picture(*place / "tiny/a.ppm", 1, 1, 1);
  write_picture(*place / "tiny/b.ppm", 1, 2, 2);
  write_picture(*place / "tiny/c.ppm", 4000, 1, 3);
  const Ended ended = place->run(scene({"tiny", "-o", "tiny-out", "-f", kAllFormats, "--features", "1",
                                        "--feature-pictures", "--depth-format", "png16,vis,npy,exr"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
}

// COLMAP, OpenCV and trainers do not open such files.
TEST_F(SceneCommand, HeicAndAvifPhotosAreCopiedAsJpeg) {
  const std::filesystem::path heif = std::filesystem::path(DA3_TEST_DATA_DIR) / "heif";
  std::filesystem::create_directories(*place / "phone");
  for (const char* name : {"turned.heic", "plain.avif"})
    std::filesystem::copy_file(heif / name, *place / "phone" / name);
  const Ended ended =
      place->run(scene({"phone", "-o", "phone-out", "-f", "colmap,transforms", "--depth-format", "none"}));
  if (ended.err.find("libheif") != std::string::npos) GTEST_SKIP() << "built without libheif";
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(files_below(*place / "phone-out/images"),
              ::testing::UnorderedElementsAre("plain.jpg", "turned.jpg"));
  for (const char* name : {"plain.jpg", "turned.jpg"})
    EXPECT_EQ(read_file(*place / "phone-out/images" / name).substr(0, 3), "\xFF\xD8\xFF") << name;
  EXPECT_EQ(json_file("phone-out/transforms.json").at("frames")[0].at("file_path"), "images/plain.jpg");
}

// PROJECT/images is where 3D Gaussian splatting and nerfstudio have the photos.
TEST_F(SceneCommand, PhotosMayLieWhereTheirImagesBelong) {
  std::filesystem::create_directories(*place / "project/images");
  write_picture(*place / "project/images/a.ppm", 80, 60, 1);
  write_picture(*place / "project/images/b.ppm", 80, 60, 2);
  const std::string photo = read_file(*place / "project/images/a.ppm");
  const Ended ended =
      place->run(scene({"project/images", "-o", "project", "-f", "colmap", "--depth-format", "none"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(std::filesystem::exists(*place / "project/sparse/0/images.bin"));
  // They stay the user's: what the next run does not write it removes, but never a photo.
  const Ended fewer = place->run(
      scene({"project/images", "-o", "project", "-f", "ply", "--depth-format", "none", "--overwrite"}));
  ASSERT_EQ(fewer.code, 0) << fewer.err;
  EXPECT_FALSE(std::filesystem::exists(*place / "project/sparse/0/images.bin"));
  EXPECT_EQ(read_file(*place / "project/images/a.ppm"), photo);
}

TEST_F(SceneCommand, PhotosOfOneStemMayLieWhereTheirImagesBelong) {
  std::filesystem::create_directories(*place / "pairs/images");
  write_picture(*place / "pairs/images/a.ppm", 80, 60, 1);
  write_picture(*place / "pairs/images/a.pnm", 80, 60, 2);
  const auto command = scene({"pairs/images", "-o", "pairs", "-f", "colmap", "--depth-format", "none"});
  const Ended ended = place->run(command);
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(files_below(*place / "pairs/images"), ::testing::UnorderedElementsAre("a.ppm", "a.pnm"));
  const Ended again = place->run(command);
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("done already"));
}

// The only copies may be those that an earlier run made.
TEST_F(SceneCommand, ImagesThatAnEarlierRunMadeMayBeThePhotos) {
  std::filesystem::create_directories(*place / "sources");
  write_picture(*place / "sources/a.ppm", 80, 60, 1);
  write_picture(*place / "sources/b.ppm", 80, 60, 2);
  const std::string photo = read_file(*place / "sources/a.ppm");
  const Ended first =
      place->run(scene({"sources", "-o", "made-before", "-f", "colmap,cameras", "--depth-format", "png16"}));
  ASSERT_EQ(first.code, 0) << first.err;
  std::filesystem::remove_all(*place / "sources");
  for (const char* formats : {"colmap,cameras", "cameras"}) {
    const Ended ended = place->run(scene(
        {"made-before/images", "-o", "made-before", "-f", formats, "--depth-format", "none", "--overwrite"}));
    ASSERT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(read_file(*place / "made-before/images/a.ppm"), photo);
    EXPECT_TRUE(std::filesystem::exists(*place / "made-before/images/b.ppm"));
  }
  EXPECT_FALSE(std::filesystem::exists(*place / "made-before/depth/a.png")) << "results still go";

  const std::string known = read_file(*place / "made-before/cameras.json");
  const Ended replacing =
      place->run(scene({"made-before/images", "-o", "made-before", "-f", "cameras", "--cameras",
                        "made-before/cameras.json", "--depth-format", "none", "--overwrite"}));
  EXPECT_EQ(replacing.code, 1);
  EXPECT_THAT(replacing.err, HasSubstr("an input of this scene, which is never replaced"));
  EXPECT_EQ(read_file(*place / "made-before/cameras.json"), known);
}

TEST_F(SceneCommand, APhotoIsNeverReplacedByAResult) {
  std::filesystem::create_directories(*place / "few");
  write_picture(*place / "few/a.ppm", 80, 60, 1);
  ASSERT_EQ(place->run(scene({"few", "-o", "few-out", "-f", "none", "--depth-format", "png16"})).code, 0);
  const std::string photo = read_file(*place / "few-out/depth/a.png");
  const auto command = scene({"few-out/depth", "-o", "few-out", "-f", "npz", "--overwrite"});
  const Ended ended = place->run(command);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("an input of this scene, which is never replaced"));
  EXPECT_EQ(read_file(*place / "few-out/depth/a.png"), photo);
}

TEST_F(SceneCommand, ANameThatIsTooLongIsToldBeforeTheForwardPass) {
  std::filesystem::create_directories(*place / "long");
  write_picture(*place / ("long/" + std::string(250, 'n') + ".ppm"), 80, 60, 1);
  const Ended ended = place->run(scene({"long", "-o", "long-out", "--progress", "always"}));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("too long"));
  EXPECT_THAT(ended.err, ::testing::Not(HasSubstr("forward pass")));
  EXPECT_THAT(files_below(*place / "long-out"), ::testing::ElementsAre("manifest.jsonl"));
}

}  // namespace
}  // namespace da3::testing
