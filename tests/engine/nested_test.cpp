// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <tuple>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <engine/export/tensor_sources.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/network/network.hpp>
#include <testing/temporary_folder.hpp>
#include <weights/model_config.hpp>
#include <weights/recipe.hpp>
#include <weights/record.hpp>
#include <weights/safetensors.hpp>
#include <weights/tensor_list.hpp>

namespace da3::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::filesystem::path kTiny = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "tiny-nested";

weights::NetworkConfig config() {
  return weights::read_config(kTiny / "config.json");
}

torch::jit::Module build(const weights::NetworkConfig& network) {
  return build_network(network, 1, recipe_tensors(weights::tensor_list(network), 1), Attention::kSdpa);
}

struct Aligned {
  at::Tensor depth;
  at::Tensor confidence;
  double scale = 0;
};

/// The alignment alone, on one scene of one view of 1 x n pixels.
class NestedAlignment : public ::testing::Test {
 protected:
  Aligned align(const at::Tensor& depth, const at::Tensor& confidence, const at::Tensor& metric,
                const at::Tensor& sky) {
    const auto as_map = [](const at::Tensor& row) { return row.to(at::kFloat).view({1, 1, -1}); };
    const auto result =
        module_.get_method("align")({as_map(depth), as_map(confidence), as_map(metric), as_map(sky)})
            .toTuple()
            ->elements()
            .vec();
    return {result[0].toTensor().flatten(), result[1].toTensor().flatten(),
            result[2].toTensor().item<double>()};
  }

  EngineScope scope_;
  ThreadScope threads_{1};
  torch::jit::Module module_ = build(config());
};

TEST_F(NestedAlignment, FitsTheScaleOverTheSurerHalfOfTheGround) {
  // Ten pixels are sure and twice as far in metres; the ten unsure ones would say five times.
  const at::Tensor sure = at::cat({at::ones(10), at::zeros(10)});
  const at::Tensor depth = at::arange(1, 21);
  const at::Tensor metric = at::where(sure > 0, depth * 2, depth * 5);
  const Aligned aligned = align(depth, 1 + sure, metric, at::zeros(20));
  EXPECT_FLOAT_EQ(aligned.scale, 2);
  EXPECT_TRUE(at::equal(aligned.depth, depth.to(at::kFloat) * 2));
  EXPECT_TRUE(at::equal(aligned.confidence, 1 + sure));
}

TEST_F(NestedAlignment, IsTheLeastSquaresScale) {
  const at::Tensor depth = at::cat({at::ones(10), at::full(10, 2)});
  const at::Tensor metric = at::full(20, 3);
  // sum(x y) / sum(x x) = (10 * 3 + 10 * 6) / (10 + 40).
  EXPECT_FLOAT_EQ(align(depth, at::full(20, 2), metric, at::zeros(20)).scale, 90.0 / 50.0);
}

TEST_F(NestedAlignment, LeavesOutWhatIsNearerThanAMillimetreOrACentimetre) {
  const at::Tensor depth = at::ones(20);
  const at::Tensor metric = at::full(20, 4.0);
  depth[0] = 1e-3;
  metric[1] = 1e-2;
  EXPECT_FLOAT_EQ(align(depth, at::full(20, 2), metric, at::zeros(20)).scale, 4);
}

TEST_F(NestedAlignment, PutsTheSkyAtTheFarEndOfTheGroundWithConfidenceOne) {
  const at::Tensor depth = at::cat({at::arange(1, 102), at::full(5, 9000)});
  const at::Tensor sky = at::cat({at::zeros(101), at::full(5, 0.3)});
  const Aligned aligned = align(depth, at::full(106, 7), depth, sky);
  EXPECT_FLOAT_EQ(aligned.scale, 1);
  // The 0.99 quantile of 1..101 is 100.
  EXPECT_TRUE(at::equal(aligned.depth.slice(0, 101), at::full(5, 100.0F)));
  EXPECT_TRUE(at::equal(aligned.depth.slice(0, 0, 101), depth.slice(0, 0, 101).to(at::kFloat)));
  EXPECT_TRUE(at::equal(aligned.confidence.slice(0, 101), at::ones(5)));
  EXPECT_TRUE(at::equal(aligned.confidence.slice(0, 0, 101), at::full(101, 7.0F)));
}

TEST_F(NestedAlignment, PutsTheSkyAtMost200MetresAway) {
  const at::Tensor depth = at::full(40, 350);
  const at::Tensor sky = at::cat({at::zeros(20), at::ones(20)});
  const Aligned aligned = align(depth, at::full(40, 2), depth, sky);
  EXPECT_TRUE(at::equal(aligned.depth, at::cat({at::full(20, 350.0F), at::full(20, 200.0F)})));
}

TEST_F(NestedAlignment, AlignsAScenesWholePictureWhenAllOfItIsSky) {
  const at::Tensor depth = at::arange(1, 21);
  const Aligned aligned = align(depth, at::full(20, 2), depth * 3, at::ones(20));
  EXPECT_FLOAT_EQ(aligned.scale, 3);
  EXPECT_TRUE(at::allclose(aligned.depth, depth.to(at::kFloat) * 3));
}

TEST(NestedNetwork, ForwardHasTheCamerasThatPoseGives) {
  const EngineScope scope;
  const ThreadScope threads(1);
  torch::jit::Module module = build(config());
  const at::Tensor image = at::sin(at::arange(2 * 3 * 42 * 56, at::kFloat)).view({1, 2, 3, 42, 56});
  const auto forward = module.forward({image}).toGenericDict();
  const auto pose = module.get_method("pose")({image}).toGenericDict();
  ASSERT_EQ(forward.size(), 9U);  // With depth before metres, the scale and its parts
  for (const auto& item : forward) {
    EXPECT_TRUE(at::equal(item.value().toTensor(), pose.at(item.key()).toTensor())) << item.key();
  }
}

TEST(NestedNetwork, RefusesTwoBranchesOfOneKind) {
  weights::NetworkConfig twice = config();
  twice.metric = twice.main;
  try {
    build(twice);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelContract);
    EXPECT_THAT(error.what(), HasSubstr("'metric'"));
  }
}

/// A published folder: the reduced configuration and a file with the weights of the recipe.
void write_published(const std::filesystem::path& folder) {
  std::filesystem::copy(kTiny / "config.json", folder / "config.json");
  std::vector<std::vector<float>> values;
  std::vector<weights::TensorView> views;
  const auto entries = weights::tensor_list(config());
  values.reserve(entries.size());
  for (const weights::TensorEntry& entry : entries) {
    std::vector<float>& tensor = values.emplace_back(static_cast<std::size_t>(entry.num_elements()));
    weights::fill_recipe(tensor, entry.name, entry.shape, 1);
    views.push_back({entry.name, weights::Dtype::kF32, entry.shape, std::as_bytes(std::span(tensor))});
  }
  weights::write_safetensors(folder / "model.safetensors", views);
}

TEST(NestedNetwork, IsExportedFromAFolderAndPredictsMetres) {
  const ThreadScope threads(1);
  const testing::TemporaryFolder folder;
  write_published(folder.path());
  const std::filesystem::path file = folder.path() / "nested.pt";
  ExportSource source;
  source.folder = folder.path();
  EXPECT_THAT(export_model(source, file).warnings, ::testing::IsEmpty());

  const ModelSpec spec = read_spec(file);
  EXPECT_EQ(spec.network_id, "da3-nested");
  EXPECT_EQ(spec.depth_kind, DepthKind::kMetric);
  EXPECT_EQ(spec.depth_unit, "m");
  EXPECT_THAT(spec.outputs, ElementsAre("depth", "depth_conf", "sky", "pose", "rays"));

  LoadOptions options;
  options.threads = 1;
  const VerifyReport report = verify_model(file, options);
  EXPECT_TRUE(report.hash_matches);
  EXPECT_TRUE(report.selftest_passed) << report.selftest_worst_error;

  const auto model = load_model(file, options);
  const auto picture = weights::selftest_picture(42, 56, 3);
  predict::Request request;
  request.size = {42, 56};
  request.views = 2;
  request.pictures = {picture, picture};
  request.wanted = {.confidence = true, .sky = true, .pose = true};
  const predict::Result result = model->predict(request);
  EXPECT_EQ(result.depth.size(), 2U * 42 * 56);
  EXPECT_EQ(result.sky.size(), 2U * 42 * 56);
  EXPECT_EQ(result.extrinsics.size(), 2U * 12);
  EXPECT_TRUE(result.times.backbone_ms.has_value());
}

}  // namespace
}  // namespace da3::engine
