// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <scene/given_cameras.hpp>

#include <da3/error.hpp>

#include <run/scene/scene_forward.hpp>

namespace da3::run {
namespace {

/// Keeps the last request; its rays are those of a camera turned about y by 0.1 a view, but for view 1, which
/// has none.
class RayModel final : public predict::DepthModel {
 public:
  explicit RayModel(bool takes_cameras) : takes_cameras_(takes_cameras) {
    spec_.name = "rays";
    spec_.network_id = "da3-anyview";
    spec_.outputs = {"depth", "pose", "rays"};
  }
  const ModelSpec& spec() const override { return spec_; }
  DeviceId device() const override { return {}; }
  Precision precision() const override { return Precision::kFp32; }
  Attention attention() const override { return Attention::kSdpa; }
  bool takes_cameras() const override { return takes_cameras_; }
  void synchronize() override {}
  int concurrency() const override { return 1; }

  predict::Result predict(const predict::Request& request) override {
    last_ = request;
    predict::Result result;
    result.size = request.size;
    const auto views = static_cast<std::size_t>(request.views);
    result.depth.assign(views * request.size.area(), 2.0F);
    for (std::size_t i = 0; i < views; ++i) {
      const std::array<float, 9> lens{focal_px_, 0, 28, 0, focal_px_, 14, 0, 0, 1};
      result.extrinsics.insert(result.extrinsics.end(), pose_.begin(), pose_.end());
      result.intrinsics.insert(result.intrinsics.end(), lens.begin(), lens.end());
    }
    if (request.views >= 3 && request.reference) result.references = {2};
    if (request.wanted.rays) add_rays(request, result);
    if (request.wanted.rays && in_metres_) {
      result.scales = {4};
      result.scale_shares = {2, 1, 1};
      result.far = {150};
      result.sky.assign(result.depth.size(), 0.0F);
      result.sky[5] = result.sky[6] = 0.5F;
      result.depth[5] = 150;
    }
    return result;
  }

  predict::Request last_;
  bool in_metres_ = false;
  float focal_px_ = 33;
  ModelSpec spec_;
  std::array<float, 12> pose_{1, 0, 0, 0.5F, 0, 1, 0, 0, 0, 0, 1, 0};

 private:
  static void add_rays(const predict::Request& request, predict::Result& result) {
    result.rays_size = {16, 32};
    for (int view = 0; view < request.views; ++view) {
      const double turn = 0.1 * view;
      for (int row = 0; row < 16; ++row) {
        for (int column = 0; column < 32; ++column) {
          const double x = ((2 * column + 1) / 32.0 - 1) / 2;  // Focal length: one width, two heights
          const double y = ((2 * row + 1) / 16.0 - 1) / 4;
          const std::array<double, 7> ray{std::cos(turn) * x + std::sin(turn),
                                          y,
                                          -std::sin(turn) * x + std::cos(turn),
                                          1.0 * view,
                                          column % 2 == 0 ? 0.1 : -0.1,
                                          0,
                                          2};
          for (const double number : ray)
            result.rays.push_back(view == 1 ? 0.0F : static_cast<float>(number));
        }
      }
    }
  }

  bool takes_cameras_;
};

std::vector<scene::View> views_of(int count, bool given) {
  std::vector<scene::View> views(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < views.size(); ++i) {
    views[i].input.size = {28, 56};
    views[i].input.rgb.assign(views[i].input.size.area() * 3, 7);
    if (!given) continue;
    views[i].given.emplace();
    views[i].given->camera_from_world = {1, 0, 0, -3.0 * static_cast<double>(i) - 100, 0, 1, 0, 5, 0,
                                         0, 1, 0};
    views[i].given->intrinsics = {40, 0, 28, 0, 40, 14, 0, 0, 1};
  }
  return views;
}

TEST(SeeViews, ShowsTheNetworkTheGivenCameras) {
  RayModel model(true);
  std::vector<scene::View> views = views_of(3, true);
  const Seen seen = see_views(model, views, {});
  EXPECT_FALSE(seen.reference);
  EXPECT_FALSE(model.last_.reference);
  ASSERT_EQ(model.last_.cameras.size(), 27U);
  // The first camera is the world, the second one a unit away.
  const double vertical = 2 * std::atan(14.0 / 40);
  const double horizontal = 2 * std::atan(28.0 / 40);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::array<double, 9> expected{static_cast<double>(i), 0, 0, 0, 0, 0, 1, vertical, horizontal};
    for (std::size_t k = 0; k < 9; ++k)
      EXPECT_NEAR(model.last_.cameras[9 * i + k], expected[k], 1e-6) << i << " " << k;
  }
}

TEST(SeeViews, ChoosesAReferenceWithoutThem) {
  for (const bool given : {false, true}) {
    RayModel model(!given);  // One view without a camera, or a model that takes none
    std::vector<scene::View> views = views_of(3, true);
    if (!given) views[1].given.reset();
    const Seen seen = see_views(model, views, {});
    EXPECT_TRUE(model.last_.cameras.empty());
    EXPECT_EQ(seen.reference, 2U);
  }
}

TEST(SeeViews, RefusesCamerasOfForeignNetworksThatAreNone) {
  RayModel model(false);
  model.spec_.network_id.clear();
  std::vector<scene::View> views = views_of(2, false);
  see_views(model, views, {});
  for (const float first : {2.0F, -1.0F, 0.0F}) {  // Stretched, mirrored, flat
    model.pose_[0] = first;
    try {
      see_views(model, views, {});
      ADD_FAILURE() << "nothing was thrown for " << first;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kPredictionInvalid);
      EXPECT_NE(std::string(error.what()).find("camera 0 has extrinsics"), std::string::npos) << error.what();
    }
  }
}

// Such as those in parts of the picture, which da3 scene --cameras would refuse.
TEST(SeeViews, RefusesFocalLengthsOfForeignNetworksThatNoLensHas) {
  RayModel model(false);
  std::vector<scene::View> views = views_of(2, false);
  model.focal_px_ = 0.2F;
  see_views(model, views, {});  // A network that da3 knows is believed
  model.spec_.network_id.clear();
  try {
    see_views(model, views, {});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPredictionInvalid);
    EXPECT_NE(std::string(error.what()).find("which no lens has"), std::string::npos) << error.what();
  }
}

TEST(SeeViews, TakesCamerasFromRaysAndTheDecodersWhereThereIsNone) {
  RayModel model(false);
  SceneOptions options;
  std::vector<scene::View> views = views_of(3, false);
  see_views(model, views, options);
  EXPECT_FALSE(model.last_.wanted.rays);
  EXPECT_NEAR(views[2].camera.camera_from_world[3], 0.5, 1e-9);

  options.pose = PoseChoice::kRays;
  const Seen seen = see_views(model, views, options);
  EXPECT_EQ(seen.without_rays, std::vector<std::size_t>{1});
  EXPECT_NEAR(views[1].camera.camera_from_world[3], 0.5, 1e-9);
  const Camera& camera = views[2].camera;
  EXPECT_NEAR(camera.intrinsics[0], 56, 0.05);
  EXPECT_NEAR(camera.intrinsics[4], 56, 0.05);
  EXPECT_NEAR(camera.camera_from_world[2], -std::sin(0.2), 1e-3);
  const auto centre = scene::centre_of(camera);
  EXPECT_NEAR(centre[0], 2, 1e-4);
  ASSERT_TRUE(views[2].origin_spread);
  EXPECT_NEAR(*views[2].origin_spread, 0.1 / 2, 1e-6);
  EXPECT_FALSE(views[1].origin_spread) << "the decoder's camera";
}

TEST(SeeViews, MetresFollowTheFocalLengthsOfTheRays) {
  RayModel model(true);
  model.in_metres_ = true;
  SceneOptions options;
  options.pose = PoseChoice::kRays;
  std::vector<scene::View> views = views_of(3, false);
  see_views(model, views, options);
  // From 33 to 56 pixels, but for view 1, which keeps the decoder's camera.
  const double factor = (2 * 56.0 / 33 + 1 + 56.0 / 33) / 4;
  EXPECT_NEAR(views[0].depth[0], 2 * factor, 1e-3);
  EXPECT_NEAR(views[1].depth[0], 2 * factor, 1e-3) << "one scale for all";
  EXPECT_FLOAT_EQ(views[0].depth[5], 200) << "sky, at most 200 m away";
  EXPECT_NEAR(views[0].depth[6], 2 * factor, 1e-3) << "nearer than sky is put";
  EXPECT_NEAR(views[1].camera.camera_from_world[3], 0.5 * factor, 1e-4);
  EXPECT_NEAR(scene::centre_of(views[2].camera)[0], 2 * 4 * factor, 1e-2);
  EXPECT_NEAR(views[2].origin_spread.value(), 4 * 0.1 / 2, 1e-6) << "of metres, whatever the focal length";

  // Given ones were the network's already.
  std::vector<scene::View> given = views_of(3, true);
  see_views(model, given, options);
  EXPECT_FLOAT_EQ(given[0].depth[0], 2);
}

}  // namespace
}  // namespace da3::run
