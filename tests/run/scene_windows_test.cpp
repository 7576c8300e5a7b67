// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <fstream>
#include <memory>
#include <span>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scene/gaussians.hpp>
#include <scene/similarity.hpp>

#include <da3/error.hpp>

#include <run/scene/run_scene.hpp>
#include <run/scene/scene_windows.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Size kSize{14, 28};

/// What a photo shows, in a world that nobody sees whole. Its first byte is its number.
scene::View true_view(int number) {
  scene::View view;
  view.name = std::to_string(number);
  view.place = {kSize, kSize};
  view.input = {kSize, std::vector<std::uint8_t>(kSize.area() * 3, static_cast<std::uint8_t>(number))};
  const double c = std::cos(0.05 * number);
  const double s = std::sin(0.05 * number);
  view.camera.camera_from_world = {c, 0, -s, 0.1 * number, 0, 1, 0, 0, s, 0, c, 0};
  view.camera.intrinsics = {20, 0, 14, 0, 20, 7, 0, 0, 1};
  for (std::size_t i = 0; i < kSize.area(); ++i) {
    view.depth.push_back(2 + 0.5F * std::sin(0.4F * static_cast<float>(i) + static_cast<float>(number)));
    view.confidence.push_back(2 + static_cast<float>(i % 5));
  }
  return view;
}

/// The 38 numbers of a pixel's Gaussian.
std::vector<float> raw_gaussian(int photo, std::size_t pixel) {
  std::vector<float> raw(scene::kRawGaussian);
  for (std::size_t k = 0; k < raw.size(); ++k)
    raw[k] = 0.5F * std::sin(0.7F * static_cast<float>(k + pixel) + static_cast<float>(photo));
  raw[36] = 0;
  raw[37] = 0.5F;
  return raw;
}

std::vector<scene::View> photos(int count) {
  std::vector<scene::View> views;
  for (int i = 0; i < count; ++i) {
    views.push_back(true_view(i));
    views.back().camera = {};
    views.back().depth.clear();
    views.back().confidence.clear();
  }
  return views;
}

/// What brings the true world into that of a call whose first photo is `first`.
scene::Similarity move_of(int first) {
  const double c = std::cos(0.3 * first);
  const double s = std::sin(0.3 * first);
  return {1 + 0.25 * first, {c, -s, 0, s, c, 0, 0, 0, 1}, {0.5 * first, 0, -0.2 * first}};
}

/// Sees the true world, moved, turned and scaled by another amount in each call; as it is from photo 0 on.
class MovingModel final : public predict::DepthModel {
 public:
  MovingModel() { spec_.outputs = {"depth", "depth_conf", "pose"}; }
  const ModelSpec& spec() const override { return spec_; }
  DeviceId device() const override { return {}; }
  Precision precision() const override { return Precision::kFp32; }
  Attention attention() const override { return Attention::kSdpa; }
  void synchronize() override {}
  int concurrency() const override { return 1; }

  predict::Result predict(const predict::Request& request) override {
    if (request.views > most_views) throw Error(ErrorCode::kOutOfMemory, "too many views");
    const int first = request.pictures.front()[0];
    seen.emplace_back(first, request.views);
    const scene::Similarity move = move_of(first);
    predict::Result result;
    result.size = request.size;
    for (const auto& picture : request.pictures) {
      const scene::View view = true_view(picture[0]);
      const Camera camera = scene::moved(move, view.camera);
      for (const double value : camera.camera_from_world)
        result.extrinsics.push_back(static_cast<float>(value));
      for (const double value : camera.intrinsics) result.intrinsics.push_back(static_cast<float>(value));
      for (const float depth : view.depth) result.depth.push_back(static_cast<float>(depth * move.scale));
      result.confidence.insert(result.confidence.end(), view.confidence.begin(), view.confidence.end());
    }
    for (const auto& picture : request.pictures) {
      const auto number = static_cast<float>(picture[0]);
      if (request.wanted.gaussians) {
        for (std::size_t i = 0; i < kSize.area(); ++i) {
          const std::vector<float> raw = raw_gaussian(picture[0], i);
          result.gaussians.insert(result.gaussians.end(), raw.begin(), raw.end());
        }
      }
      result.layers.resize(request.wanted.layers.size());
      for (std::size_t l = 0; l < result.layers.size(); ++l)
        result.layers[l].insert(result.layers[l].end(),
                                {number, static_cast<float>(request.wanted.layers[l])});
    }
    if (request.views > 2) result.references = {1};
    result.peak_bytes = static_cast<std::uint64_t>(request.views);
    if (stop_after == static_cast<int>(seen.size())) stop.request_stop();
    return result;
  }

  int most_views = 1000;
  int stop_after = 0;
  std::stop_source stop;
  std::vector<std::pair<int, int>> seen;  ///< First photo and number of views of each call

 private:
  ModelSpec spec_;
};

SceneOptions in_windows(int size, std::optional<int> overlap = std::nullopt) {
  SceneOptions options;
  options.window = {WindowChoice::Rule::kNumber, size, overlap};
  return options;
}

void expect_true_world(const std::vector<scene::View>& views) {
  for (std::size_t v = 0; v < views.size(); ++v) {
    const scene::View expected = true_view(static_cast<int>(v));
    ASSERT_EQ(views[v].depth.size(), kSize.area());
    for (std::size_t i = 0; i < kSize.area(); ++i) EXPECT_NEAR(views[v].depth[i], expected.depth[i], 1e-4);
    EXPECT_EQ(views[v].confidence, expected.confidence);
    for (std::size_t i = 0; i < 12; ++i)
      EXPECT_NEAR(views[v].camera.camera_from_world[i], expected.camera.camera_from_world[i], 1e-4) << v;
  }
}

TEST(SceneWindows, AllViewsEndInTheWorldOfTheFirstWindow) {
  MovingModel model;
  std::vector<scene::View> views = photos(11);
  const auto seen = see_scene(model, views, in_windows(5, 3), {});
  ASSERT_TRUE(seen);
  EXPECT_THAT(model.seen, ElementsAre(std::pair(0, 5), std::pair(2, 5), std::pair(4, 5), std::pair(6, 5)));
  expect_true_world(views);
  ASSERT_EQ(seen->windows.size(), 4U);
  EXPECT_EQ(seen->windows[2].reference, 5U);
  EXPECT_NEAR(seen->windows[3].scene_from_window.scale, 1 / (1 + 0.25 * 6), 1e-5);
  EXPECT_LT(*seen->windows[3].residual, 1e-5);
  EXPECT_FALSE(seen->windows[0].residual);
  EXPECT_FALSE(seen->reference);
  EXPECT_EQ(seen->peak_bytes, 5U);
}

TEST(SceneWindows, ViewsThatFitAreSeenTogether) {
  MovingModel model;
  std::vector<scene::View> views = photos(5);
  const auto seen = see_scene(model, views, in_windows(5), {});
  EXPECT_THAT(model.seen, ElementsAre(std::pair(0, 5)));
  EXPECT_TRUE(seen->windows.empty());
  EXPECT_EQ(seen->reference, 1U);
}

TEST(SceneWindows, AutoSeesThirtyTwoViewsOnACpuAndHalfAsManyWhenMemoryRunsOut) {
  EXPECT_EQ(windows_of({}, 32, DeviceKind::kCpu).size(), 1U);
  EXPECT_EQ(windows_of({}, 60, DeviceKind::kCpu), (std::vector<scene::Window>{{0, 32}, {16, 48}, {32, 60}}));
  EXPECT_EQ(windows_of({}, 60, DeviceKind::kCuda).size(), 1U);
  MovingModel model;
  model.most_views = 7;
  std::vector<scene::View> views = photos(12);
  ASSERT_TRUE(see_scene(model, views, {}, {}));
  EXPECT_THAT(model.seen, ElementsAre(std::pair(0, 6), std::pair(3, 6), std::pair(6, 6)));
  expect_true_world(views);
  model.most_views = 3;
  views = photos(12);
  EXPECT_THROW(see_scene(model, views, {}, {}), Error);
  views = photos(12);
  model.most_views = 7;
  EXPECT_THROW(see_scene(model, views, in_windows(8), {}), Error);
}

TEST(SceneWindows, ViewsThatDoNotFitTogetherAreALackOfMemory) {
  const auto model = std::make_shared<MovingModel>();
  model->most_views = 2;
  const testing::TemporaryFolder folder;
  SceneOptions options = in_windows(4);
  options.output_dir = folder.path() / "out";
  for (const char* name : {"a.ppm", "b.ppm", "c.ppm"})
    options.inputs.push_back(folder.write(name, "P6 28 14 255\n" + std::string(kSize.area() * 3, 'a')));
  const SceneSummary summary = run_scenes(options, {.model = model});
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_TRUE(summary.memory_ran_out);
}

TEST(SceneWindows, AStoppedRunGoesOnAfterTheWindowsThatAreDone) {
  const testing::TemporaryFolder folder;
  const WindowStore store(folder.path(), "digest");
  std::vector<scene::View> views = photos(9);
  MovingModel first;
  first.stop_after = 2;
  EXPECT_FALSE(see_scene(first, views, in_windows(5, 3), {{}, first.stop.get_token(), &store}));
  EXPECT_EQ(first.seen.size(), 2U);

  const auto see_again = [&](const std::string& digest) {
    MovingModel model;
    const WindowStore kept(folder.path(), digest);
    std::vector<scene::View> again = photos(9);
    const auto seen = see_scene(model, again, in_windows(5, 3), {{}, {}, &kept});
    EXPECT_EQ(seen->windows[1].reference, 3U);
    expect_true_world(again);
    return model.seen;
  };
  EXPECT_THAT(see_again("digest"), ElementsAre(std::pair(4, 5)));
  EXPECT_TRUE(see_again("digest").empty());
  // Of other options, or damaged: seen again.
  EXPECT_EQ(see_again("another").size(), 3U);
  std::fstream damaged(folder.path() / ".da3-windows/2-7.window",
                       std::ios::in | std::ios::out | std::ios::binary);
  damaged.seekp(-9, std::ios::end);
  damaged.put('x');
  damaged.close();
  EXPECT_THAT(see_again("another"), ElementsAre(std::pair(2, 5)));
  store.clear();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

// Windows are numbered by the readable photos, of which there may be others when the run goes on.
TEST(SceneWindows, KeptWindowsAreThoseOfTheirPhotos) {
  const testing::TemporaryFolder folder;
  const WindowStore store(folder.path(), "digest");
  std::vector<scene::View> views = photos(10);
  views.erase(views.begin() + 2);
  MovingModel first;
  first.stop_after = 2;
  EXPECT_FALSE(see_scene(first, views, in_windows(5, 3), {{}, first.stop.get_token(), &store}));
  MovingModel model;
  std::vector<scene::View> all = photos(10);
  ASSERT_TRUE(see_scene(model, all, in_windows(5, 3), {{}, {}, &store}));
  EXPECT_THAT(model.seen, ElementsAre(std::pair(0, 5), std::pair(2, 5), std::pair(4, 5), std::pair(6, 4)));
  expect_true_world(all);
}

TEST(WindowStore, IsNotBehindALink) {
  const testing::TemporaryFolder folder;
  const testing::TemporaryFolder outside;
  std::filesystem::create_directory_symlink(outside.path(), folder.path() / ".da3-windows");
  EXPECT_THROW(WindowStore(folder.path(), "digest"), Error);
}

TEST(WindowStore, KeepsHowFarTheOriginsOfRaysLie) {
  const testing::TemporaryFolder folder;
  const WindowStore store(folder.path(), "digest");
  std::vector<scene::View> views = photos(2);
  for (scene::View& view : views) view.depth.assign(view.input.size.area(), 2.0F);
  views[1].origin_spread = 0.125;
  const scene::Window window{0, 2};
  store.write(window, views, {});
  std::vector<scene::View> again = photos(2);
  ASSERT_TRUE(store.read(window, again));
  EXPECT_FALSE(again[0].origin_spread);
  EXPECT_EQ(again[1].origin_spread, 0.125);
}

std::string usage_error_of(const SceneOptions& options, std::size_t views) {
  try {
    windows_of(options, views, DeviceKind::kCpu);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    return error.what();
  }
  return "";
}

/// The Gaussians of all photos, made in the worlds of their windows and brought into the true one. Made there
/// they would be others: the numbers of an orientation are read in another order than they are written.
std::vector<scene::Gaussian> true_gaussians(int count, std::span<const scene::Window> windows) {
  std::vector<scene::Gaussian> all;
  for (int photo = 0; photo < count; ++photo) {
    const auto number = static_cast<std::size_t>(photo);
    const auto begin = static_cast<int>(windows[scene::home_of(number, windows)].begin);
    scene::View view = true_view(photo);
    scene::move_view(move_of(begin), view);
    std::vector<float> raw;
    for (std::size_t i = 0; i < kSize.area(); ++i) {
      const std::vector<float> of_pixel = raw_gaussian(photo, i);
      raw.insert(raw.end(), of_pixel.begin(), of_pixel.end());
    }
    auto found =
        scene::gaussians_of({kSize, raw, view.depth, view.camera}, static_cast<std::uint32_t>(photo));
    scene::move_gaussians(scene::inverted(move_of(begin)), found);
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

void expect_equal(const std::vector<scene::Gaussian>& found, const std::vector<scene::Gaussian>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  // Float32 cameras and means; a seam adds its own 1e-5.
  constexpr float kNear = 2e-4F;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].view, expected[i].view) << i;
    for (std::size_t k = 0; k < 3; ++k) {
      ASSERT_NEAR(found[i].mean[k], expected[i].mean[k], 10 * kNear) << i;
      ASSERT_NEAR(found[i].scale[k], expected[i].scale[k], kNear * expected[i].scale[k]) << i;
    }
    float same = 0;
    for (std::size_t k = 0; k < 4; ++k) same += found[i].rotation[k] * expected[i].rotation[k];
    const float far = std::abs(std::abs(same) - 1);
    EXPECT_LT(far, kNear) << i << ": another rotation, whatever its sign";
    for (std::size_t k = 0; k < found[i].harmonics.size(); ++k)
      ASSERT_NEAR(found[i].harmonics[k], expected[i].harmonics[k], kNear) << i << ' ' << k;
  }
}

TEST(SceneWindows, GaussiansAndFeaturesComeFromTheWindowOfTheirView) {
  const testing::TemporaryFolder folder;
  const WindowStore store(folder.path(), "digest");
  SceneOptions options = in_windows(5, 3);
  options.formats = {"gaussians"};
  options.features = {4, 11};
  options.gaussian_keep_percent = 100;
  const auto see = [&](MovingModel& model) {
    std::vector<scene::View> views = photos(9);
    return see_scene(model, views, options, {{}, model.stop.get_token(), &store});
  };
  MovingModel stopped;
  stopped.stop_after = 2;
  ASSERT_FALSE(see(stopped));
  MovingModel model;
  const auto seen = see(model);
  ASSERT_TRUE(seen);
  EXPECT_THAT(model.seen, ElementsAre(std::pair(4, 5))) << "the others were kept";
  expect_equal(seen->gaussians, true_gaussians(9, windows_of(options, 9, DeviceKind::kCpu)));
  ASSERT_EQ(seen->layers.size(), 2U);
  EXPECT_THAT(seen->layers[1], ElementsAre(0, 11, 1, 11, 2, 11, 3, 11, 4, 11, 5, 11, 6, 11, 7, 11, 8, 11));
}

TEST(SceneWindows, AReferenceByNumberAndAWideOverlapAreUsageErrors) {
  SceneOptions options = in_windows(5, 3);
  options.reference = {ReferenceChoice::Rule::kNumber, 4};
  EXPECT_THAT(usage_error_of(options, 9), HasSubstr("--window off"));
  EXPECT_EQ(usage_error_of(options, 5), "");
  EXPECT_THAT(usage_error_of(options, 4), HasSubstr("below 4"));
  EXPECT_THAT(usage_error_of(in_windows(5, 5), 9), HasSubstr("--overlap 5"));
  EXPECT_EQ(usage_error_of(in_windows(5, 5), 5), "");
}

}  // namespace
}  // namespace da3::run
