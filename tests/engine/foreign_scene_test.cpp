// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <testing/temporary_folder.hpp>
#include <weights/record.hpp>

#include "toy_network.hpp"

// The optional methods for scenes of networks that da3 does not know (docs/model-format.md).
namespace da3::engine {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kGoodForward;
using testing::save;
using ::testing::SizeIs;
using testing::toy_module;
using testing::toy_spec;
using testing::ToyRequest;

/// Depth is reference + 10; x of a view's centre is the first number of its given camera, or -1. `more` may
/// change what is returned.
std::string scene_of(const std::string& more = "") {
  return std::string(kGoodForward) + R"(
def pose(self, image: Tensor) -> Dict[str, Tensor]:
    assert False, "scene stands in for it"
    return self.forward(image)

def scene(self, image: Tensor, cameras: Tensor, reference: int) -> Dict[str, Tensor]:
    B, S, C, H, W = image.shape
    places = torch.zeros([B, S, 3, 4]) + torch.eye(3, 4)
    places[:, :, 0, 3] = -1.0
    if cameras.size(2) > 0:
        assert cameras.size(2) == 9, "nine numbers"
        places[:, :, 0, 3] = cameras[:, :, 0]
    seen = {
        "depth": torch.zeros([B, S, H, W]) + (reference + 10.0),
        "depth_conf": torch.ones([B, S, H, W]).to(7) * 3,
        "extrinsics": places,
        "intrinsics": torch.zeros([B, S, 3, 3]) + torch.eye(3),
        "layer4": torch.zeros([B, S, (H // 2) * (W // 2), 6]) + 4,
        "token": torch.ones([B, S, 3, 4, 1]) * 2
    }
)" + more +
         R"(
    return seen

def rays_with(self, features: Dict[str, Tensor], height: int, width: int) -> Tensor:
    return features["token"].expand(-1, -1, -1, -1, 7) + height

def gaussians_with(self, features: Dict[str, Tensor], image: Tensor, height: int, width: int) -> Tensor:
    return image.mean(2).unsqueeze(-1).expand(-1, -1, -1, -1, 38) * 0 + features["token"].sum()
)";
}

ModelSpec scene_spec() {
  ModelSpec spec = toy_spec();
  spec.outputs = {"depth", "depth_conf", "pose", "rays", "gaussians"};
  return spec;
}

class ForeignScene : public ::testing::Test {
 protected:
  std::unique_ptr<predict::DepthModel> load(const std::string& source, const ModelSpec& spec = scene_spec()) {
    return load_model(save(toy_module(source), spec, folder_.path() / "toy.pt"), {});
  }

  std::string refusal(const std::string& source, const ModelSpec& spec = scene_spec()) {
    try {
      load(source, spec);
    } catch (const Error& error) {
      EXPECT_EQ(error_name(error.code()), error_name(ErrorCode::kModelContract)) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "loaded";
    return "";
  }

  /// What a request of three views with everything fails with.
  std::string failure(const std::string& source, ErrorCode code = ErrorCode::kPredictionInvalid) {
    ToyRequest toy(1, 3, {4, 6});
    toy.request.wanted = {.confidence = true, .pose = true, .rays = true, .gaussians = true, .layers = {4}};
    toy.request.reference = 1;
    try {
      load(source)->predict(toy.request);
    } catch (const Error& error) {
      EXPECT_EQ(error_name(error.code()), error_name(code)) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "predicted";
    return "";
  }

  da3::testing::TemporaryFolder folder_;
};

TEST_F(ForeignScene, EverythingThatIsAskedForComesFromItsMethods) {
  const auto model = load(scene_of("    seen[\"reference\"] = torch.zeros([B]).to(4) + reference"));
  EXPECT_TRUE(model->takes_cameras());
  EXPECT_TRUE(model->takes_reference());
  ToyRequest toy(2, 3, {4, 6});
  toy.request.wanted = {.confidence = true, .pose = true, .rays = true, .gaussians = true, .layers = {4}};
  toy.request.reference = 2;
  const predict::Result result = model->predict(toy.request);
  EXPECT_THAT(result.depth, AllOf(SizeIs(2 * 3 * 24), Each(12.0F)));
  EXPECT_THAT(result.confidence, AllOf(SizeIs(2 * 3 * 24), Each(3.0F))) << "float64 is taken, too";
  EXPECT_THAT(result.extrinsics, SizeIs(2 * 3 * 12));
  EXPECT_EQ(result.extrinsics[3], -1.0F) << "no cameras are given";
  EXPECT_THAT(result.intrinsics, SizeIs(2 * 3 * 9));
  EXPECT_THAT(result.references, ElementsAre(2, 2));
  EXPECT_EQ(result.rays_size, (Size{3, 4}));
  EXPECT_THAT(result.rays, AllOf(SizeIs(2 * 3 * 12 * predict::kRayNumbers), Each(6.0F)));
  EXPECT_THAT(result.gaussians, AllOf(SizeIs(2 * 3 * 24 * predict::kGaussianNumbers), Each(144.0F)));
  ASSERT_THAT(result.layers, SizeIs(1));
  EXPECT_THAT(result.layers[0], AllOf(SizeIs(2 * 3 * 6 * 6), Each(4.0F)));
}

TEST_F(ForeignScene, GivenCamerasReachIt) {
  ToyRequest toy(1, 2, {4, 6});
  toy.request.wanted.pose = true;
  toy.request.cameras.assign(2 * predict::kCameraNumbers, 0.0F);
  toy.request.cameras[predict::kCameraNumbers] = 7;
  const predict::Result result = load(scene_of())->predict(toy.request);
  EXPECT_EQ(result.extrinsics[3], 0.0F);
  EXPECT_EQ(result.extrinsics[12 + 3], 7.0F);
  EXPECT_EQ(result.depth[0], 9.0F) << "its own choice is -1";
  EXPECT_THAT(result.references, IsEmpty());
}

TEST_F(ForeignScene, APhotoAloneGoesThroughForward) {
  ToyRequest toy(1, 1, {4, 6});
  const predict::Result result = load(scene_of())->predict(toy.request);
  EXPECT_LT(result.depth[0], 2.0F);
}

TEST_F(ForeignScene, TheReferenceThatItTookMayStayItsSecret) {
  ToyRequest toy(1, 3, {4, 6});
  toy.request.wanted.pose = true;
  toy.request.reference = predict::kSaddleSimRange;
  const predict::Result result = load(scene_of())->predict(toy.request);
  EXPECT_EQ(result.depth[0], 8.0F);
  EXPECT_THAT(result.references, IsEmpty());
}

TEST_F(ForeignScene, WithPoseAloneItIsShownNeitherCamerasNorAReference) {
  ModelSpec spec = toy_spec();
  spec.outputs.emplace_back("pose");
  const auto model = load(std::string(kGoodForward) + R"(
def pose(self, image: Tensor) -> Dict[str, Tensor]:
    return self.forward(image)
)",
                          spec);
  EXPECT_FALSE(model->takes_cameras());
  EXPECT_FALSE(model->takes_reference());
}

TEST_F(ForeignScene, MethodsOfAnotherSignatureBreakTheContract) {
  const std::string forward(kGoodForward);
  const ModelSpec spec = toy_spec();
  EXPECT_THAT(refusal(forward + R"(
def scene(self, image: Tensor, cameras: Tensor) -> Dict[str, Tensor]:
    return {"depth": image}
)",
                      spec),
              AllOf(HasSubstr("method scene"), HasSubstr("reference: int"), HasSubstr("found")));
  EXPECT_THAT(refusal(forward + R"(
def scene(self, image: Tensor, cameras: Tensor, reference: float) -> Dict[str, Tensor]:
    return {"depth": image}
)",
                      spec),
              HasSubstr("reference: int"));
  EXPECT_THAT(refusal(forward + R"(
def scene(self, image: Tensor, cameras: Tensor, reference: int) -> Tensor:
    return image
)",
                      spec),
              HasSubstr("-> Dict[str, Tensor]"));
  const std::string scene = forward + R"(
def scene(self, image: Tensor, cameras: Tensor, reference: int) -> Dict[str, Tensor]:
    return {"depth": image}
)";
  EXPECT_THAT(refusal(scene + R"(
def rays_with(self, features: Tensor, height: int, width: int) -> Tensor:
    return features
)",
                      spec),
              HasSubstr("method rays_with must be (features: Dict[str, Tensor]"));
  EXPECT_THAT(refusal(scene + R"(
def gaussians_with(self, features: Dict[str, Tensor], image: Tensor, height: int, width: int) -> Dict[str, Tensor]:
    return features
)",
                      spec),
              AllOf(HasSubstr("method gaussians_with"), HasSubstr("-> Tensor")));
  EXPECT_THAT(refusal(forward + R"(
def rays_with(self, features: Dict[str, Tensor], height: int, width: int) -> Tensor:
    return features["depth"]
)",
                      spec),
              HasSubstr("none of the name scene"));
}

TEST_F(ForeignScene, WhatTheRecordPromisesHasAMethod) {
  ModelSpec spec = toy_spec();
  spec.outputs.emplace_back("rays");
  EXPECT_THAT(refusal(kGoodForward, spec), AllOf(HasSubstr("\"rays\""), HasSubstr("rays_with(")));
  spec.outputs.back() = "gaussians";
  EXPECT_THAT(refusal(kGoodForward, spec), AllOf(HasSubstr("\"gaussians\""), HasSubstr("gaussians_with(")));
}

TEST_F(ForeignScene, AWrongResultIsNamedWithShapeAndType) {
  EXPECT_THAT(failure(scene_of("    del seen[\"intrinsics\"]")), HasSubstr("\"intrinsics\" is missing"));
  EXPECT_THAT(failure(scene_of("    seen[\"depth\"] = seen[\"depth\"][:, :2]")),
              AllOf(HasSubstr("\"depth\""), HasSubstr("[1, 3, 4, 6]"), HasSubstr("[1, 2, 4, 6]")));
  EXPECT_THAT(failure(scene_of("    seen[\"depth\"] = seen[\"depth\"].to(3)")),
              AllOf(HasSubstr("\"depth\" must be floating point"), HasSubstr("Int")));
  EXPECT_THAT(failure(scene_of("    seen[\"depth\"][0, 1, 2, 3] = float(\"nan\")")),
              HasSubstr("\"depth\" is nan"));
  EXPECT_THAT(failure(scene_of("    seen[\"extrinsics\"] = seen[\"extrinsics\"][:, :, :, :3]")),
              AllOf(HasSubstr("\"extrinsics\""), HasSubstr("[1, 3, 3, 4]")));
  EXPECT_THAT(failure(scene_of("    seen[\"intrinsics\"] = seen[\"intrinsics\"] * 2")),
              AllOf(HasSubstr("\"intrinsics\" of view 0"), HasSubstr("0 0 1")));
  EXPECT_THAT(failure(scene_of("    seen[\"token\"] = seen[\"token\"] / 0.0")), HasSubstr("\"rays\" is inf"));
  EXPECT_THAT(failure(scene_of("    seen[\"token\"] = seen[\"token\"][:, :, :1]")),
              AllOf(HasSubstr("\"rays\" has 4 rays"), HasSubstr("8")));
  EXPECT_THAT(failure(scene_of("    seen[\"token\"] = seen[\"token\"][:, :2]")),
              AllOf(HasSubstr("\"rays\""), HasSubstr("[1, 2, 3, 4, 7]")));
  EXPECT_THAT(failure(scene_of("    seen[\"reference\"] = torch.zeros([B]) + 3")),
              AllOf(HasSubstr("\"reference\" is 3"), HasSubstr("3 views")));
  EXPECT_THAT(failure(scene_of("    seen[\"reference\"] = torch.zeros([B, S])")),
              HasSubstr("\"reference\" must be"));
  EXPECT_THAT(failure(scene_of("    del seen[\"layer4\"]"), ErrorCode::kUsage),
              AllOf(HasSubstr("no block 4"), HasSubstr("\"layer4\"")));
  EXPECT_THAT(failure(scene_of("    assert False, \"two rooms at once\"")), HasSubstr("two rooms at once"));
}

/// What da3's own network of golden/`name` gives for a request, and what the code of its exported file gives
/// where nothing says whose it is.
struct BothWays {
  BothWays(const std::string& name, const predict::Request& request) {
    const da3::testing::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "own.pt";
    const std::filesystem::path foreign_file = folder.path() / "foreign.pt";
    ExportSource source;
    source.folder = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / name;
    source.seed = 1;
    export_model(source, file);
    std::filesystem::copy(file, foreign_file);
    ModelSpec spec = read_spec(file);
    spec.network_id.clear();
    spec.network_config_json.clear();
    weights::replace_record(foreign_file, spec);
    LoadOptions options;
    options.threads = 1;
    options.parts = parts_in(read_spec(file));
    own = load_model(file, options)->predict(request);
    const auto other = load_model(foreign_file, options);
    EXPECT_TRUE(runs_its_own_code(other->spec()));
    foreign = other->predict(request);
  }

  predict::Result own;
  predict::Result foreign;
};

/// Other operators and another order of sums: rounding, through a network.
void expect_close(const std::vector<float>& found, const std::vector<float>& expected, const char* what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  ASSERT_FALSE(expected.empty()) << what;
  constexpr float kTolerance = 2e-4F;
  for (std::size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], expected[i], kTolerance * (1 + std::abs(expected[i]))) << what << " " << i;
}

void expect_same(const BothWays& ways) {
  expect_close(ways.foreign.depth, ways.own.depth, "depth");
  expect_close(ways.foreign.confidence, ways.own.confidence, "confidence");
  expect_close(ways.foreign.extrinsics, ways.own.extrinsics, "extrinsics");
  expect_close(ways.foreign.intrinsics, ways.own.intrinsics, "intrinsics");
}

TEST(ExportedScene, GivesWhatTheOwnNetworkGives) {
  ToyRequest toy(2, 3, {56, 42});
  toy.request.wanted = {.confidence = true, .pose = true, .rays = true};
  for (const int reference : {predict::kSaddleBalanced, predict::kSaddleSimRange, 1}) {
    toy.request.reference = reference;
    const BothWays ways("tiny", toy.request);
    expect_same(ways);
    expect_close(ways.foreign.rays, ways.own.rays, "rays");
    EXPECT_EQ(ways.foreign.rays_size, ways.own.rays_size);
    EXPECT_EQ(ways.foreign.references, ways.own.references);
  }
}

TEST(ExportedScene, SeesGivenCamerasAsTheOwnNetworkDoes) {
  ToyRequest toy(1, 3, {56, 42});
  toy.request.wanted = {.confidence = true, .pose = true, .rays = true};
  for (int view = 0; view < 3; ++view) {
    const std::vector<float> camera{0.5F * static_cast<float>(view), 0, 0, 0, 0, 0, 1, 0.9F, 0.7F};
    toy.request.cameras.insert(toy.request.cameras.end(), camera.begin(), camera.end());
  }
  const BothWays ways("tiny", toy.request);
  expect_same(ways);
  expect_close(ways.foreign.rays, ways.own.rays, "rays");
  // They are looked at, indeed.
  toy.request.cameras.clear();
  EXPECT_NE(BothWays("tiny", toy.request).foreign.depth, ways.foreign.depth);
}

TEST(ExportedScene, HasTheGaussiansOfTheOwnNetwork) {
  ToyRequest toy(1, 2, {56, 42});
  toy.request.wanted = {.confidence = true, .pose = true, .gaussians = true};
  const BothWays ways("tiny-gs", toy.request);
  expect_same(ways);
  expect_close(ways.foreign.gaussians, ways.own.gaussians, "gaussians");
}

TEST(ExportedScene, OfANestedNetworkIsInMetresInAllItGives) {
  ToyRequest toy(1, 3, {42, 56});
  toy.request.wanted = {.confidence = true, .sky = true, .pose = true, .rays = true, .gaussians = true};
  const BothWays ways("tiny-nested-gs", toy.request);
  expect_same(ways);
  expect_close(ways.foreign.sky, ways.own.sky, "sky");
  ASSERT_THAT(ways.own.scales, SizeIs(1));
  EXPECT_THAT(ways.foreign.scales, IsEmpty());
  std::vector<float> rays = ways.own.rays;
  for (std::size_t i = 0; i < rays.size(); i += predict::kRayNumbers)
    for (std::size_t k = 3; k < 6; ++k) rays[i + k] *= ways.own.scales[0];
  expect_close(ways.foreign.rays, rays, "rays");
  // A Gaussian stands at depth + offset.
  const auto place = [](const predict::Result& result, const std::vector<float>& depth, std::size_t i) {
    return depth[i] + result.gaussians[i * predict::kGaussianNumbers + 36];
  };
  for (std::size_t i = 0; i < ways.own.depth.size(); ++i) {
    const float expected = ways.own.scales[0] * place(ways.own, ways.own.relative_depth, i);
    ASSERT_NEAR(place(ways.foreign, ways.foreign.depth, i), expected, 1e-3F * (1 + std::abs(expected))) << i;
  }
}

}  // namespace
}  // namespace da3::engine
