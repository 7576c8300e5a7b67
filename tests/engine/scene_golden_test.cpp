// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/export/tensor_sources.hpp>
#include <engine/golden_values.hpp>
#include <engine/network/network.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <engine/operators/cpu_operators.hpp>
#include <engine/scene_sight.hpp>
#include <weights/tensor_list.hpp>

// The parts of a network that scenes need, against the original.
namespace da3::engine {
namespace {

// 10 to 30 times what float32 and float64 of the original differ by.
constexpr Tolerance kRayTolerance{.absolute = 2e-4};
constexpr Tolerance kTokenTolerance{.absolute = 1e-4};
constexpr Tolerance kGaussianTolerance{.absolute = 1e-4};
constexpr Tolerance kOpacityTolerance{.absolute = 1e-5};

struct Way {
  std::string name;
  Lowering lowering;
  int layout;
};

class SceneParts : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    const CpuOperatorFacts facts = cpu_operator_facts();
    if (GetParam().lowering.own_kernels && facts.kernels.empty())
      GTEST_SKIP() << "this processor has no own kernels";
  }
  Sight sight(const std::string& model, const std::string& golden) const {
    return {model, golden, GetParam().lowering, GetParam().layout};
  }
};

TEST_P(SceneParts, RaysAreTheOriginals) {
  Sight scene = sight("tiny", "net_tiny_s3_112x70");
  scene.wish("rays");
  scene.run();
  const at::Tensor rays = scene.outputs.at("rays")[0];
  ASSERT_EQ(rays.sizes(), (std::vector<std::int64_t>{3, 64, 40, 7}));
  const at::Tensor thinned = rays.slice(1, 0, 64, 2).slice(2, 0, 40, 2);
  EXPECT_TRUE(matches(thinned.slice(3, 0, 6), scene.expected.at("ray"), kRayTolerance));
  EXPECT_TRUE(matches(thinned.select(3, 6), scene.expected.at("ray_conf"), kRayTolerance));
  // Depth is what it is without them.
  EXPECT_TRUE(matches(scene.outputs.at("depth")[0], scene.expected.at("depth"), kDepthTolerance));
}

TEST_P(SceneParts, GivenCamerasAreSeenAsTheOriginalSeesThem) {
  Sight scene = sight("tiny", "cameras_tiny_s3_112x70");
  const at::Tensor tokens =
      scene.module.get_method("camera_tokens")({scene.array("pose_encoding_in").unsqueeze(0)}).toTensor();
  EXPECT_TRUE(matches(tokens[0], scene.expected.at("camera_tokens"), kTokenTolerance));
  scene.wish("camera_tokens", tokens);
  scene.run();
  EXPECT_TRUE(matches(scene.outputs.at("depth")[0], scene.expected.at("unscaled_depth"), kDepthTolerance));
  EXPECT_TRUE(matches(scene.outputs.at("depth_conf")[0], scene.expected.at("depth_conf"), kDepthTolerance));
  const auto cameras = scene.cameras();
  EXPECT_TRUE(
      matches(cameras.at("extrinsics")[0], scene.expected.at("predicted_extrinsics"), kExtrinsicsTolerance));
  EXPECT_TRUE(
      matches(cameras.at("intrinsics")[0], scene.expected.at("predicted_intrinsics"), kIntrinsicsTolerance));
}

TEST_P(SceneParts, FeaturesAreTheOriginalsInTheOrderOfTheViews) {
  Sight scene = sight("tiny", "features_tiny_s3_56x84");
  for (const int layer : {0, 1, 4, 9}) scene.wish("layer" + std::to_string(layer));
  scene.run();
  const auto features = as_map(scene.features);
  for (const int layer : {0, 1, 4, 9}) {
    const std::string name = "layer" + std::to_string(layer);
    const at::Tensor map = features.at(name)[0].unflatten(1, {4, 6});
    EXPECT_TRUE(matches(map, scene.expected.at("spec_" + name), kStageTolerance)) << name;
  }
}

TEST_P(SceneParts, GaussiansAreTheOriginalsNumbers) {
  Sight scene = sight("tiny-gs", "gaussians_tiny-gs_s2_56x42");
  scene.wish("gaussians");
  scene.run();
  const at::Tensor second = scene.outputs.at("gaussians")[0].slice(0, 1);
  EXPECT_TRUE(matches(second.slice(3, 0, 37), scene.expected.at("raw_gs"), kGaussianTolerance));
  EXPECT_TRUE(matches(second.select(3, 37), scene.expected.at("raw_gs_conf"), kOpacityTolerance));
}

INSTANTIATE_TEST_SUITE_P(Ways, SceneParts,
                         ::testing::Values(Way{"published", {}, 1}, Way{"exported", {}, kNewestLayout},
                                           Way{"own", {.own_kernels = true}, kNewestLayout}),
                         [](const auto& tested) { return tested.param.name; });

TEST(SceneParts, AFileWithoutAPartSaysSo) {
  const LibTorch libtorch;
  const weights::NetworkConfig config = config_of("tiny");
  const TensorMap tensors = fold_tensors(config, recipe_tensors(weights::tensor_list(config), 1));
  const auto message = [&](const Parts& parts) -> std::string {
    try {
      build_network(config, kLayoutWithoutParts, tensors, Attention::kSdpa, {}, parts);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModelContract);
      return error.what();
    }
  };
  EXPECT_EQ(message({}), "");
  EXPECT_NE(message({.rays = true}).find("this file has no ray head"), std::string::npos);
  EXPECT_NE(message({.camera_encoder = true}).find("this file has no camera encoder"), std::string::npos);
  EXPECT_NE(message({.gaussians = true}).find("this network has no Gaussian head"), std::string::npos);
}

}  // namespace
}  // namespace da3::engine
