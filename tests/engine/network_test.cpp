// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_iterator.h>

#include <da3/error.hpp>

#include <engine/export/tensor_sources.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/network/block_products.hpp>
#include <engine/network/network.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <weights/model_config.hpp>
#include <weights/tensor_list.hpp>

namespace da3::engine {
namespace {

using ::testing::HasSubstr;

weights::NetworkConfig tiny(const std::string& model) {
  return weights::read_config(std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / model / "config.json");
}

at::Tensor noise(at::IntArrayRef shape) {
  const at::Tensor ramp = at::arange(c10::multiply_integers(shape), at::kFloat);
  return at::sin(ramp * 12.9898).mul_(2.0).view(shape);
}

at::Tensor entry(const at::IValue& dictionary, const std::string& key) {
  return dictionary.toGenericDict().at(key).toTensor();
}

/// Operators of a method on which the host waits for the device, or the device for the host's memory.
std::vector<std::string> waits(const torch::jit::Module& module, const std::string& method) {
  // Always, and of a tensor's value.
  static const std::set<std::string> kAlways{"aten::tensor",   "aten::item",      "aten::is_nonzero",
                                             "aten::nonzero",  "aten::equal",     "aten::masked_select",
                                             "aten::allclose", "aten::as_tensor", "aten::index"};
  static const std::set<std::string> kOfTensors{"aten::Int",           "aten::Float",
                                                "aten::Bool",          "aten::IntImplicit",
                                                "aten::FloatImplicit", "aten::ScalarImplicit"};
  // The engine runs TorchScript as it is written; this makes inlining reach what the called methods call.
  const torch::jit::GraphOptimizerEnabledGuard inlined(true);
  std::shared_ptr<torch::jit::Graph> graph = module.get_method(method).graph()->copy();
  torch::jit::Inline(*graph);
  std::vector<std::string> found;
  torch::jit::DepthFirstGraphNodeIterator nodes(graph);
  for (const torch::jit::Node* node = nodes.next(); node != nullptr; node = nodes.next()) {
    const std::string kind = node->kind().toQualString();
    const bool of_tensor =
        !node->inputs().empty() && node->inputs()[0]->type()->isSubtypeOf(*c10::TensorType::get());
    if (kAlways.contains(kind) || (of_tensor && kOfTensors.contains(kind))) found.push_back(kind);
  }
  return found;
}

class Network : public ::testing::TestWithParam<std::string> {
 protected:
  Network()
      : config_(tiny(GetParam())),
        tensors_(fold_tensors(config_, recipe_tensors(weights::tensor_list(config_), 7))),
        module_(build_network(config_, kNewestLayout, tensors_, Attention::kSdpa)) {}

  std::string prefix() const { return config_.nested() ? "da3." : ""; }

  EngineScope scope_;
  ThreadScope threads_{1};
  weights::NetworkConfig config_;
  TensorMap tensors_;
  torch::jit::Module module_;
};

TEST_P(Network, RegistersTensorsWithoutACopy) {
  std::size_t seen = 0;
  for (const auto& parameter : module_.named_parameters()) {
    EXPECT_EQ(parameter.value.data_ptr(), tensors_.at(parameter.name).data_ptr()) << parameter.name;
    ++seen;
  }
  EXPECT_EQ(seen, tensors_.size());
}

TEST_P(Network, IsFeaturesThenDecode) {
  const at::Tensor image = noise({1, 2, 3, 42, 56});
  const at::IValue whole = module_.forward({image});
  const at::IValue features = module_.get_method("features")({image});
  const at::IValue split = module_.get_method("decode")({features, 42, 56});
  EXPECT_TRUE(at::equal(entry(split, "depth"), entry(whole, "depth")));
}

TEST_P(Network, GivesEachSceneOfABatchWhatItGivesTheSceneAlone) {
  const at::Tensor scenes = noise({2, 3, 3, 42, 56});
  const at::Tensor together = entry(module_.forward({scenes}), "depth");
  for (int b = 0; b < 2; ++b) {
    const at::Tensor alone = entry(module_.forward({scenes.slice(0, b, b + 1)}), "depth");
    // Other shapes take other paths through the matrix library: rounding only.
    EXPECT_TRUE(at::allclose(together[b], alone[0], 1e-4, 0)) << "scene " << b;
  }
  EXPECT_FALSE(at::allclose(together[0], together[1], 1e-2, 0));
}

TEST_P(Network, BothAttentionModesAgreeAndCanBeSwitchedAtAnyTime) {
  const at::Tensor image = noise({1, 3, 3, 42, 56});
  const at::Tensor sdpa = entry(module_.forward({image}), "depth");
  module_.setattr("use_sdpa", false);
  const at::Tensor manual = entry(module_.forward({image}), "depth");
  module_.setattr("use_sdpa", true);
  EXPECT_TRUE(at::allclose(sdpa, manual, 1e-4, 0));
  EXPECT_TRUE(at::equal(sdpa, entry(module_.forward({image}), "depth")));
}

TEST_P(Network, WaitsForNothingWhereItsForwardsAreRecorded) {
  // The others have rules about sky and metres (recordable in load_model.cpp).
  if (network_id(config_) != "da3-anyview") {
    EXPECT_THAT(waits(module_, "decode_with"), ::testing::Not(::testing::IsEmpty()));
    return;
  }
  for (const std::string method : {"features_with", "decode_with", "pose_with"}) {
    EXPECT_THAT(waits(module_, method), ::testing::IsEmpty()) << method;
  }
}

TEST_P(Network, RefusesASizeThatIsNoMultipleOfThePatch) {
  EXPECT_THROW(module_.forward({noise({1, 1, 3, 42, 57})}), std::exception);
}

TEST_P(Network, NamesAMissingTensor) {
  tensors_.erase(prefix() + "head.scratch.output_conv1.bias");
  try {
    build_network(config_, kNewestLayout, tensors_, Attention::kSdpa);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelContract);
    EXPECT_THAT(error.what(), HasSubstr("head.scratch.output_conv1.bias"));
  }
}

TEST_P(Network, NamesATensorOfAnotherShape) {
  at::Tensor& tensor = tensors_.at(prefix() + "backbone.pretrained.norm.weight");
  tensor = tensor.slice(0, 1);
  try {
    build_network(config_, kNewestLayout, tensors_, Attention::kSdpa);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelContract);
    EXPECT_THAT(error.what(), HasSubstr("backbone.pretrained.norm.weight"));
  }
}

TEST_P(Network, IsTheSameFromThePublishedLayout) {
  const at::Tensor image = noise({1, 1, 3, 42, 56});
  torch::jit::Module module =
      build_network(config_, 1, recipe_tensors(weights::tensor_list(config_), 7), Attention::kSdpa);
  EXPECT_TRUE(at::equal(entry(module.forward({image}), "depth"), entry(module_.forward({image}), "depth")));
}

TEST_P(Network, EightBitLayersReplaceTheLinearOnesAndStayNearThem) {
  if (!has_int8_engine()) GTEST_SKIP() << "this LibTorch has no engine for 8-bit products on this processor";
  const at::Tensor image = noise({1, 1, 3, 70, 98});
  const at::Tensor exact = entry(module_.forward({image}), "depth");
  torch::jit::Module int8 = build_network(config_, kNewestLayout, tensors_, Attention::kSdpa,
                                          {.block_products = BlockProducts::kInt8});
  for (const auto& parameter : int8.named_parameters()) {
    EXPECT_EQ(parameter.name.find(".mlp."), std::string::npos) << parameter.name << " is there twice";
  }
  const at::Tensor rounded = entry(int8.forward({image}), "depth");
  // 8 bits a weight and 7 an input: percents in the mean; equality would mean that nothing was replaced.
  const double error = ((rounded - exact).abs() / exact).mean().item<double>();
  EXPECT_LT(error, 0.1);
  EXPECT_GT(error, 1e-6);
}

TEST_P(Network, Bfloat16ProductsKeepTheirWeightsInHalfTheMemory) {
  const at::Tensor image = noise({1, 1, 3, 70, 98});
  const at::Tensor exact = entry(module_.forward({image}), "depth");
  torch::jit::Module low = build_network(config_, kNewestLayout, tensors_, Attention::kSdpa,
                                         {.block_products = BlockProducts::kBf16});
  int rounded_weights = 0;
  for (const auto& parameter : low.named_parameters()) {
    const bool block = parameter.name.find(".blocks.") != std::string::npos;
    const bool rounded = parameter.value.scalar_type() == at::kBFloat16;
    EXPECT_EQ(rounded, block && parameter.value.dim() == 2) << parameter.name;
    rounded_weights += rounded ? 1 : 0;
  }
  EXPECT_GT(rounded_weights, 0);
  const at::Tensor rounded = entry(low.forward({image}), "depth");
  // 8 bits of mantissa: less than a percent in the mean; equality would mean that nothing was rounded.
  const double error = ((rounded - exact).abs() / exact).mean().item<double>();
  EXPECT_LT(error, 0.01);
  EXPECT_GT(error, 1e-6);
}

TEST_P(Network, RefusesALayoutItDoesNotKnow) {
  EXPECT_FALSE(knows_network(network_id(config_), kNewestLayout + 1));
  EXPECT_THROW(build_network(config_, kNewestLayout + 1, tensors_, Attention::kSdpa), Error);
}

TEST(QuantizeRows, GivesWhatLibTorchGives) {
  at::manual_seed(4);
  at::Tensor weight = at::randn({71, 133}) * at::pow(10.0, at::randn({71, 1}) * 2);
  weight[3].zero_();
  weight[5].fill_(-0.25);
  const at::Tensor got = quantize_rows(weight.t().contiguous().t());
  const at::Tensor expected = at::quantize_per_channel(weight, got.q_per_channel_scales(),
                                                       got.q_per_channel_zero_points(), 0, at::kQInt8);
  EXPECT_TRUE(got.int_repr().equal(expected.int_repr()));
  EXPECT_EQ(got.int_repr().abs().amax().item<int>(), 127);
  EXPECT_TRUE(got[5].int_repr().eq(-127).all().item<bool>());
  // Half a step of each row, but for the rounding of the product itself.
  const at::Tensor step = got.q_per_channel_scales().to(at::kFloat).unsqueeze(1);
  EXPECT_LE(((got.dequantize() - weight).abs() / step).max().item<float>(), 0.5001F);
}

INSTANTIATE_TEST_SUITE_P(Tiny, Network, ::testing::Values("tiny", "tiny-swiglu", "tiny-mono", "tiny-nested"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           for (char& each : name) each = each == '-' ? '_' : each;
                           return name;
                         });

}  // namespace
}  // namespace da3::engine
