// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <run/scene/scene_cameras.hpp>

namespace da3::run {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr std::array<double, 12> kAtOrigin{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};

/// Two photos of 40 x 30, seen at half that size, from two places.
std::vector<scene::View> two_views() {
  std::vector<scene::View> views(2);
  for (std::size_t i = 0; i < views.size(); ++i) {
    views[i].name = std::to_string(i);
    views[i].file = "in/" + views[i].name + ".jpg";
    views[i].input.size = {15, 20};
    views[i].place = {{30, 40}, {15, 20}, 0, 0};
    views[i].camera = {kAtOrigin, {20, 0, 10, 0, 20, 7.5, 0, 0, 1}};
    views[i].camera.camera_from_world[3] = -1.0 * static_cast<double>(i);
  }
  return views;
}

cameras::GivenCameras given_as(const std::vector<scene::View>& views) {
  cameras::GivenCameras given;
  given.source = "k.json";
  for (const scene::View& view : views) {
    given.cameras.push_back({.photo = view.name + ".jpg",
                             .camera_from_world = view.camera.camera_from_world,
                             .intrinsics = view.photo_camera().intrinsics});
  }
  return given;
}

TEST(GivenCameras, WithAPrincipalPointOutsideOfThePhotoAreTold) {
  std::vector<scene::View> views = two_views();
  cameras::GivenCameras given = given_as(views);
  EXPECT_THAT(adopt_given_cameras(views, given, false, scene::Unit::kRelative).warnings,
              Not(Contains(Pair(::testing::StrEq("camera.off_centre"), ::testing::_))));
  given.cameras[1].intrinsics[2] = 41;
  EXPECT_THAT(adopt_given_cameras(views, given, false, scene::Unit::kRelative).warnings,
              Contains(Pair(::testing::StrEq("camera.off_centre"), HasSubstr("1 camera (first: 1)"))));
}

TEST(GivenCameras, WithSkewAreRefusedWhereAFileHasNone) {
  std::vector<scene::View> views = two_views();
  require_no_skew(views, "COLMAP");
  views[0].camera.intrinsics[1] = 1e-9;  // A rounding error
  require_no_skew(views, "COLMAP");
  views[1].given = views[1].camera;
  views[1].given->intrinsics[1] = 0.1;
  try {
    require_no_skew(views, "COLMAP");
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("COLMAP: the camera of in/1.jpg has skew"));
  }
}

}  // namespace
}  // namespace da3::run
