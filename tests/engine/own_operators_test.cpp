// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <gtest/gtest.h>

#include <engine/own_operators.hpp>

// The operators against LibTorch's, with the strides and threads of a real forward.
namespace da3::engine {
namespace {

class OwnOperators : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!own_operators_available()) GTEST_SKIP() << "this processor has no own kernels";
    at::manual_seed(1);
  }

  template <typename... Args>
  static at::Tensor call(const char* name, const Args&... args) {
    const auto schema = c10::Dispatcher::singleton().findSchemaOrThrow(name, "");
    torch::jit::Stack stack{c10::IValue(args)...};
    schema.callBoxed(&stack);
    return stack.front().toTensor();
  }

  c10::InferenceMode guard_;
};

TEST_F(OwnOperators, AttentionEqualsSdpaOnSlicesOfAJointMatrix) {
  for (const auto& [batch, tokens, heads] :
       {std::tuple{1, 721, 6}, std::tuple{3, 50, 2}, std::tuple{2, 1, 3}}) {
    const at::Tensor qkv = at::randn({batch, tokens, 3, heads, 64});
    const auto parts = qkv.permute({2, 0, 3, 1, 4}).unbind(0);
    const at::Tensor expected =
        at::scaled_dot_product_attention(parts[0], parts[1], parts[2]).transpose(1, 2).flatten(2);
    const at::Tensor got = call("da3::attention", parts[0], parts[1], parts[2]);
    ASSERT_EQ(got.sizes(), expected.sizes());
    EXPECT_LT((got - expected).abs().max().item<float>(),
              3e-6F);  // sums of up to 721 weighted values around 1
  }
}

TEST_F(OwnOperators, GeluEqualsLibTorchsInPlace) {
  const at::Tensor x = at::randn({721, 1536}) * 3;
  at::Tensor y = x.clone();
  EXPECT_EQ(call("da3::gelu_", y).const_data_ptr(), y.const_data_ptr());
  EXPECT_LT(((y - at::gelu(x)).abs() / x.abs().clamp_min(1)).max().item<float>(), 4e-7F);
}

TEST_F(OwnOperators, DepthTailEqualsLibTorchsFourSteps) {
  const std::int64_t height = 70;
  const std::int64_t width = 126;
  for (const std::int64_t channels : {32, 64, 128}) {
    const at::Tensor x = at::randn({2, channels, 40, 72}).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor weight = at::randn({32, channels, 3, 3}) * 0.05;
    const at::Tensor bias = at::randn({32});
    const at::Tensor map = at::randn({height, width, 32});
    const at::Tensor weight1 = at::randn({2, 32, 1, 1}) * 0.1;
    const at::Tensor bias1 = at::randn({2});
    const at::Tensor up = at::upsample_bilinear2d(x, {height, width}, true);
    const at::Tensor conv = at::conv2d(up, weight, bias, 1, 1) + map.permute({2, 0, 1});
    const at::Tensor expected = at::conv2d(at::relu(conv), weight1, bias1);
    const at::Tensor packed = call("da3::pack_conv3", weight);
    const at::Tensor got = call("da3::depth_tail", x, packed, bias, map, weight1, bias1, height, width);
    ASSERT_EQ(got.sizes(), expected.sizes());
    EXPECT_LT((got - expected).abs().max().item<float>(), 2e-5F) << channels << " channels";
    const at::Tensor without =
        call("da3::depth_tail", x, packed, bias, at::empty({0}), weight1, bias1, height, width);
    EXPECT_GT((without - got).abs().max().item<float>(), 0.1F);
  }
}

TEST_F(OwnOperators, TensorsOfOtherLayoutsAreRefused) {
  const at::Tensor x = at::randn({1, 2, 5, 64});
  EXPECT_THROW(call("da3::attention", x, x, x.to(at::kHalf)), c10::Error);
  EXPECT_THROW(call("da3::attention", x, x.transpose(2, 3), x), c10::Error);
  EXPECT_THROW(call("da3::gelu_", x.transpose(1, 2)), c10::Error);
  EXPECT_THROW(call("da3::pack_conv3", at::randn({31, 16, 3, 3})), c10::Error);
}

}  // namespace
}  // namespace da3::engine
