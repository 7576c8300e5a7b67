// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <run/scene/scene_photos.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Photos are only looked up, never read.
class ScenePhotosTest : public ::testing::Test {
 protected:
  std::filesystem::path photo(const std::string& name) { return folder_.write("in/" + name, "photo"); }
  std::filesystem::path input(const std::string& name) const { return folder_.path() / "in" / name; }
  SceneOptions options(std::vector<std::filesystem::path> inputs) const {
    SceneOptions result;
    result.inputs = std::move(inputs);
    result.output_dir = folder_.path() / "out";
    return result;
  }
  static std::vector<std::string> names(const SceneInput& scene) {
    std::vector<std::string> result;
    for (const ScenePhoto& each : scene.photos) result.push_back(each.name);
    return result;
  }
  static std::string collision(const SceneOptions& options) {
    try {
      find_scenes(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kOutputCollision) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return "";
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ScenePhotosTest, EveryFolderIsAScene) {
  for (const char* name : {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/c/1.jpg"}) photo(name);
  SceneOptions per_folder = options({input("")});
  per_folder.per_folder = true;
  const std::vector<SceneInput> scenes = find_scenes(per_folder);
  ASSERT_EQ(scenes.size(), 3U);
  EXPECT_EQ(scenes[0].folder, folder_.path() / "out/a");
  EXPECT_THAT(names(scenes[0]), ElementsAre("1", "2"));
}

TEST_F(ScenePhotosTest, FoldersOfOneNameAreNeverOneScene) {
  for (const char* name : {"pc/1.jpg", "pc/pc/2.jpg", "x/pc/3.jpg"}) photo(name);
  SceneOptions nested = options({input("pc")});
  nested.per_folder = true;
  EXPECT_THAT(collision(nested), HasSubstr(input("pc/pc").string()));
  SceneOptions files = options({input("pc/1.jpg"), input("x/pc/3.jpg")});
  files.per_folder = true;
  EXPECT_THAT(collision(files), HasSubstr((folder_.path() / "out/pc").string()));
}

TEST_F(ScenePhotosTest, APhotoThatComesAgainIsOneView) {
  const std::string first = photo("a/1.jpg").string();
  const std::string second = photo("a/2.jpg").string();
  const auto list = std::make_shared<std::istringstream>(first + "\n" + second + "\n" +
                                                         input("a/../a/1.jpg").string() + "\n");
  SceneOptions listed = options({"-"});
  listed.list = list;
  const std::vector<SceneInput> scenes = find_scenes(listed);
  ASSERT_EQ(scenes.size(), 1U);
  ASSERT_EQ(scenes[0].photos.size(), 2U);
  EXPECT_EQ(scenes[0].photos[0].path, first);
  EXPECT_EQ(find_scenes(options({first, second, first})).front().photos.size(), 2U);
}

// Of a photo of 480x640 at 140x187, cut to 140x140 from column 23: values that are their own position.
TEST(PhotoMap, LiesWhereTheCamerasSay) {
  scene::View view;
  view.place = {.photo_size = {480, 640}, .resized = {140, 187}, .top = 0, .left = 23};
  view.input.size = {140, 140};
  std::vector<float> positions;
  for (int row = 0; row < 140; ++row) {
    for (int column = 0; column < 140; ++column) positions.push_back(static_cast<float>(column) + 0.5F);
  }
  const DepthMap whole = photo_map(view, positions);
  ASSERT_EQ(whole.size, (Size{480, 640}));
  for (int column = 0; column < 640; ++column) {
    const double expected = (column + 0.5) * 187 / 640 - 23;
    const float found = whole.values[static_cast<std::size_t>(640 * 100 + column)];
    if (expected < 0 || expected >= 140) {
      EXPECT_TRUE(std::isnan(found)) << column;
    } else {
      // The outermost half pixels repeat the last value. float32 of up to 140 has steps of 1.5e-5.
      EXPECT_NEAR(found, std::clamp(expected, 0.5, 139.5), 5e-5) << column;
    }
  }
}

}  // namespace
}  // namespace da3::run
