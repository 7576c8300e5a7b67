// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <gtest/gtest.h>

#include <engine/operators/low_products.hpp>
#include <engine/operators/own_convolution.hpp>
#include <engine/operators/own_linear.hpp>
#include <engine/operators/own_operators.hpp>
#include <engine/operators/packed_layer.hpp>
#include <engine/operators/patch_tokens.hpp>

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

  /// Calls `expect` with the largest difference of attention `name` from LibTorch's, for several shapes.
  template <typename Expect>
  static void compare_attention(const char* name, Expect&& expect) {
    for (const auto& [batch, tokens, heads] :
         {std::tuple{1, 721, 6}, std::tuple{3, 50, 2}, std::tuple{2, 1, 3}}) {
      const at::Tensor qkv = at::randn({batch, tokens, 3, heads, 64});
      const auto parts = qkv.permute({2, 0, 3, 1, 4}).unbind(0);
      const at::Tensor expected =
          at::scaled_dot_product_attention(parts[0], parts[1], parts[2]).transpose(1, 2).flatten(2);
      const at::Tensor got = call(name, parts[0], parts[1], parts[2]);
      ASSERT_EQ(got.sizes(), expected.sizes());
      expect((got - expected).abs().max().item<float>());
    }
  }

  c10::InferenceMode guard_;
};

TEST_F(OwnOperators, AttentionEqualsSdpaOnSlicesOfAJointMatrix) {
  // Sums of up to 721 weighted values around 1.
  compare_attention("da3::attention", [](float difference) { EXPECT_LT(difference, 3e-6F); });
}

TEST_F(OwnOperators, AttentionInBfloat16IsNearSdpaOnSlicesOfAJointMatrix) {
  if (!bf16_attention_available()) GTEST_SKIP() << "this processor has no attention in bfloat16";
  // Values of up to 4 round by up to 2^-8, scores by less; one token's result is its value, rounded.
  compare_attention("da3::attention_bf16", [](float difference) {
    EXPECT_LT(difference, 0.02F);
    EXPECT_GT(difference, 0.0F);
  });
}

TEST_F(OwnOperators, NormRotateEqualsLibTorchsStepsOnQueriesAndKeysAlone) {
  constexpr std::int64_t kTokens = 37;
  constexpr std::int64_t kDim = 64;
  const at::Tensor qkv = at::randn({3, kTokens, 3, 5, kDim}) * 4 + 1;
  const at::Tensor norms = at::randn({4, kDim});
  const at::Tensor angles = at::randn({kTokens, 2, 1, kDim / 4}).expand({-1, -1, 2, -1}) * 3;
  const at::Tensor cos = at::cos(angles).reshape({kTokens, 1, kDim});
  const at::Tensor signs = at::tensor({-1.0F, 1.0F}).view({2, 1});
  const at::Tensor sin = (at::sin(angles) * signs).reshape({kTokens, 1, kDim});
  at::Tensor expected = qkv.clone();
  for (const std::int64_t i : {0, 1}) {
    const at::Tensor x = at::layer_norm(qkv.select(2, i), {kDim}, norms[2 * i], norms[2 * i + 1], 1e-5);
    const at::Tensor partner = x.unflatten(-1, {2, 2, kDim / 4}).flip({4}).flatten(3);
    expected.select(2, i).copy_(x * cos + partner * sin);
  }
  at::Tensor got = qkv.clone();
  call("da3::norm_rotate_", got, c10::IValue(), norms[0], norms[1], norms[2], norms[3], cos, sin);
  EXPECT_LT((got - expected).abs().max().item<float>(), 1e-5F);
  EXPECT_TRUE(got.select(2, 2).equal(qkv.select(2, 2)));
  const at::Tensor shift = at::randn({3, 5, kDim});
  at::Tensor shifted = qkv - shift;
  call("da3::norm_rotate_", shifted, shift, norms[0], norms[1], norms[2], norms[3], cos, sin);
  EXPECT_LT((shifted.narrow(2, 0, 2) - got.narrow(2, 0, 2)).abs().max().item<float>(), 2e-5F);
  EXPECT_LT((shifted.select(2, 2) - qkv.select(2, 2)).abs().max().item<float>(), 2e-6F);
  EXPECT_THROW(
      call("da3::norm_rotate_", got, c10::IValue(), norms[0], norms[1], norms[2], norms[3], cos[0], sin),
      c10::Error);
}

TEST_F(OwnOperators, NormedEqualsLibTorchsLayerNorm) {
  for (const auto& [rows, width] : {std::pair{1, 16}, std::pair{50, 384}, std::pair{721, 1536}}) {
    at::Tensor x = at::randn({1, rows, width}) * at::rand({rows, 1}) * 20 + 3;
    x[0][rows - 1].fill_(2.5);  // without variance
    const at::Tensor got = call("da3::normed", x, 1e-6);
    EXPECT_LT((got - at::layer_norm(x, {width}, {}, {}, 1e-6)).abs().max().item<float>(), 2e-5F) << width;
    EXPECT_EQ(got.sizes(), x.sizes());
  }
  EXPECT_THROW(call("da3::normed", at::randn({3, 24}), 1e-6), c10::Error);
  EXPECT_THROW(call("da3::normed", at::randn({32, 3}).t(), 1e-6), c10::Error);
}

TEST_F(OwnOperators, BesideNormEqualsLibTorchsSteps) {
  for (const auto& [batch, tokens, width] : {std::tuple{1, 721, 384}, std::tuple{3, 2, 16}}) {
    const at::Tensor within = at::randn({batch, tokens, width});
    const at::Tensor x = at::randn({batch, tokens, width}) * 5 + 1;
    const at::Tensor weight = at::randn({width});
    const at::Tensor bias = at::randn({width});
    const at::Tensor norm = at::layer_norm(x, {width}, weight, bias, 1e-5);
    const at::Tensor expected = at::cat({within.narrow(1, 1, tokens - 1), norm.narrow(1, 1, tokens - 1)}, -1);
    const at::Tensor got = call("da3::beside_norm", within, x, weight, bias, 1e-5);
    ASSERT_EQ(got.sizes(), expected.sizes());
    EXPECT_LT((got - expected).abs().max().item<float>(), 2e-5F);
  }
  const at::Tensor x = at::randn({2, 5, 32});
  EXPECT_THROW(call("da3::beside_norm", x.narrow(1, 0, 4).contiguous(), x, x[0][0], x[0][0], 1e-5),
               c10::Error);
  EXPECT_THROW(call("da3::beside_norm", x, x, x[0], x[0][0], 1e-5), c10::Error);
}

TEST_F(OwnOperators, GeluIsTheExactFormInPlace) {
  const at::Tensor x = at::randn({721, 1536}) * 3;
  at::Tensor y = x.clone();
  EXPECT_EQ(call("da3::gelu_", y, c10::IValue()).const_data_ptr(), y.const_data_ptr());
  // Against double: LibTorch's own float32 form errs as much, and differently on every instruction set.
  const at::Tensor exact = at::gelu(x.to(at::kDouble));
  EXPECT_LT(((y - exact).abs() / x.abs().clamp_min(1)).max().item<double>(), 3e-7);
  const at::Tensor shift = at::randn({1536});
  at::Tensor z = x.clone();
  call("da3::gelu_", z, shift);
  EXPECT_LT(((z - at::gelu(x + shift)).abs() / x.abs().clamp_min(1)).max().item<float>(), 2e-6F);
}

TEST_F(OwnOperators, DepthTailEqualsLibTorchsFourSteps) {
  const std::int64_t height = 70;
  const std::int64_t width = 126;
  for (const std::int64_t channels : {32, 64, 128}) {
    const at::Tensor x = at::randn({2, channels, 40, 72}).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor weight = at::randn({32, channels, 3, 3}) * 0.05;
    const at::Tensor bias = at::randn({32});
    const at::Tensor of_columns = at::randn({3, width, 32});
    const at::Tensor of_rows = at::randn({height, 3, 32});
    const at::Tensor table = at::cat({of_columns.flatten(0, 1), of_rows.flatten(0, 1)});
    // Which of the three belongs to a row or a column.
    const auto kinds = [](std::int64_t size) {
      at::Tensor all = at::ones({size}, at::kLong);
      all[0] = 0;
      all[size - 1] = 2;
      return all;
    };
    const at::Tensor map = of_columns.index_select(0, kinds(height)) + of_rows.index_select(1, kinds(width));
    const at::Tensor weight1 = at::randn({2, 32, 1, 1}) * 0.1;
    const at::Tensor bias1 = at::randn({2});
    const at::Tensor up = at::upsample_bilinear2d(x, {height, width}, true);
    const at::Tensor conv = at::conv2d(up, weight, bias, 1, 1) + map.permute({2, 0, 1});
    const at::Tensor expected = at::conv2d(at::relu(conv), weight1, bias1);
    const at::Tensor packed = call("da3::pack_winograd", weight, false);
    const at::Tensor got = call("da3::depth_tail", x, packed, bias, table, weight1, bias1, height, width);
    ASSERT_EQ(got.sizes(), expected.sizes());
    EXPECT_LT((got - expected).abs().max().item<float>(), 5e-5F) << channels << " channels";
    const at::Tensor without =
        call("da3::depth_tail", x, packed, bias, at::empty({0}), weight1, bias1, height, width);
    EXPECT_GT((without - got).abs().max().item<float>(), 0.1F);
  }
}

TEST_F(OwnOperators, Conv3EqualsLibTorchsConvolutionOfABatch) {
  constexpr auto kLast = at::MemoryFormat::ChannelsLast;
  // The last one is a small map: LibTorch's convolution.
  for (const auto& [from, to, height, width] :
       {std::tuple{64, 32, 40, 71}, std::tuple{16, 64, 33, 30}, std::tuple{32, 32, 9, 5}}) {
    const at::Tensor x = at::randn({3, from, height, width}).contiguous(kLast);
    const at::Tensor weight = (at::randn({to, from, 3, 3}) * 0.05).contiguous(kLast);
    const at::Tensor bias = at::randn({to});
    const at::Tensor residual = at::randn({3, to, height, width}).contiguous(kLast);
    const at::Tensor packed = call("da3::pack_winograd", weight, false);
    EXPECT_TRUE(packed.equal(call("da3::pack_winograd", weight.contiguous(), false)));
    const at::Tensor plain = call("da3::conv3", x, weight, packed, c10::IValue(), false, c10::IValue());
    EXPECT_LT((plain - at::conv2d(x, weight, {}, 1, 1)).abs().max().item<float>(), 1e-4F);
    EXPECT_TRUE(plain.is_contiguous(kLast));
    const at::Tensor all = call("da3::conv3", x, weight, packed, bias, true, residual);
    const at::Tensor expected = at::conv2d(at::relu(x), weight, bias, 1, 1) + residual;
    EXPECT_LT((all - expected).abs().max().item<float>(), 1e-4F);
  }
}

TEST_F(OwnOperators, Conv3UpsampledEqualsLibTorchsTwoSteps) {
  constexpr auto kLast = at::MemoryFormat::ChannelsLast;
  // Tiles that end within a picture, one row of tiles, and a small map: LibTorch's operators.
  for (const auto& [from, to, height, width] : {std::tuple{64, 32, 37, 111}, std::tuple{16, 48, 4, 200},
                                                std::tuple{128, 64, 17, 50}, std::tuple{32, 32, 9, 5}}) {
    const at::Tensor x = at::randn({2, from, (height + 1) / 2, (width + 1) / 2}).contiguous(kLast);
    const at::Tensor weight = (at::randn({to, from, 3, 3}) * 0.05).contiguous(kLast);
    const at::Tensor bias = at::randn({to});
    const at::Tensor expected =
        at::conv2d(at::upsample_bilinear2d(x, {height, width}, true), weight, bias, 1, 1);
    const at::Tensor packed = call("da3::pack_winograd", weight, false);
    const at::Tensor found = call("da3::conv3_upsampled", x, weight, packed, bias, height, width);
    EXPECT_LT((found - expected).abs().max().item<float>(), 1e-4F) << height << " x " << width;
    EXPECT_TRUE(found.is_contiguous(kLast));
    if (kernels::int16_convolutions() == nullptr) continue;
    const at::Tensor codes = call("da3::pack_winograd", weight, true);
    const at::Tensor near = call("da3::conv3_upsampled", x, weight, codes, bias, height, width);
    EXPECT_LT((near - expected).abs().mean().item<double>(), 2e-3 * expected.abs().mean().item<double>());
  }
}

TEST_F(OwnOperators, ConvolutionsWith16BitCodesAreNearTheFloatOnes) {
  if (kernels::int16_convolutions() == nullptr) GTEST_SKIP() << "this processor has no such convolutions";
  constexpr auto kLast = at::MemoryFormat::ChannelsLast;
  for (const auto& [from, to] : {std::tuple{64, 64}, std::tuple{16, 48}, std::tuple{256, 128}}) {
    at::Tensor x = at::randn({2, from, 40, 71}).contiguous(kLast);
    x.slice(2, 0, 12).zero_();  // tiles of zeros
    const at::Tensor weight = (at::randn({to, from, 3, 3}) * 0.05).contiguous(kLast);
    const at::Tensor bias = at::randn({to});
    const at::Tensor residual = at::randn({2, to, 40, 71}).contiguous(kLast);
    const at::Tensor packed = call("da3::pack_winograd", weight, true);
    const at::Tensor found = call("da3::conv3", x, weight, packed, bias, true, residual);
    const at::Tensor sum = at::conv2d(at::relu(x), weight, {}, 1, 1);
    const at::Tensor rounding = found - sum - residual - bias.view({1, -1, 1, 1});
    EXPECT_LT(rounding.abs().mean().item<double>(), 2e-3 * sum.abs().mean().item<double>()) << from;
    EXPECT_TRUE(at::allclose(found.slice(2, 0, 8), (residual + bias.view({1, -1, 1, 1})).slice(2, 0, 8)));
    at::Tensor odd = x.clone(kLast);
    odd[0][3][39][70] = std::numeric_limits<float>::infinity();
    const at::Tensor touched = call("da3::conv3", odd, weight, packed, bias, false, residual);
    EXPECT_FALSE(at::isfinite(touched[0].slice(1, 38).slice(2, 69)).any().item<bool>());
    EXPECT_TRUE(at::isfinite(touched[0].slice(1, 0, 32)).all().item<bool>());
  }
}

TEST_F(OwnOperators, WeightsPackedBesideOtherWorkAreThoseOfPackWinograd) {
  std::vector<at::Tensor> weights;
  for (const int out : {16, 128, 48, 64}) weights.push_back(at::randn({out, 64, 3, 3}));
  for (const bool started : {true, false}) {
    WinogradPacking packing;
    std::vector<at::Tensor> packed;
    for (const at::Tensor& weight : weights)
      packed.push_back(packing.add(weight, ConvolutionFactors::kFloat));
    if (started) packing.start();
    packing.finish();
    for (std::size_t i = 0; i < weights.size(); ++i) {
      EXPECT_TRUE(packed[i].equal(call("da3::pack_winograd", weights[i], false)))
          << i << ", started " << started;
    }
  }
}

TEST(WinogradPacking, OfNothingNeedsNoKernels) {
  WinogradPacking packing;
  packing.start();
  EXPECT_NO_THROW(packing.finish());
}

TEST_F(OwnOperators, PackingThatIsGivenUpEndsItsThreadFirst) {
  const at::Tensor weight = at::randn({128, 128, 3, 3});
  at::Tensor packed;
  {
    WinogradPacking packing;
    packed = packing.add(weight, ConvolutionFactors::kFloat);
    packing.start();
  }
  EXPECT_TRUE(packed.equal(call("da3::pack_winograd", weight, false)));
}

TEST_F(OwnOperators, TensorsOfOtherLayoutsAreRefused) {
  const at::Tensor x = at::randn({1, 2, 5, 64});
  EXPECT_THROW(call("da3::attention", x, x, x.to(at::kHalf)), c10::Error);
  EXPECT_THROW(call("da3::attention", x, x.transpose(2, 3), x), c10::Error);
  EXPECT_THROW(call("da3::gelu_", x.transpose(1, 2), c10::IValue()), c10::Error);
  EXPECT_THROW(call("da3::pack_winograd", at::randn({16, 24, 3, 3}), false), c10::Error);
  const at::Tensor weight = at::randn({16, 16, 3, 3});
  const at::Tensor map = at::randn({1, 16, 32, 32});
  EXPECT_THROW(call("da3::conv3", map, weight, call("da3::pack_winograd", weight, false), c10::IValue(),
                    false, c10::IValue()),
               c10::Error);
  EXPECT_THROW(call("da3::conv3", map.contiguous(at::MemoryFormat::ChannelsLast), weight, at::empty({10}),
                    c10::IValue(), false, c10::IValue()),
               c10::Error);
}

TEST_F(OwnOperators, LinearEqualsLibTorchs) {
  // Fewer rows than the own kernel takes, outputs that it does not take, a depth that is no multiple of
  // anything.
  for (const auto& [rows, depth, outputs] :
       {std::tuple{1, 40, 32}, std::tuple{721, 384, 1152}, std::tuple{720, 96, 48}, std::tuple{100, 588, 33},
        std::tuple{64, 13, 16}}) {
    const at::Tensor x = at::randn({1, rows, depth});
    const at::Tensor weight = at::randn({outputs, depth}) * 0.05;
    const at::Tensor bias = at::randn({outputs});
    const at::Tensor plain = at::linear(x, weight);
    const auto near = [](const at::Tensor& found, const at::Tensor& expected) {
      return found.sizes() == expected.sizes() && (found - expected).abs().max().item<float>() < 1e-5F;
    };
    EXPECT_TRUE(near(call("da3::linear", x, weight, c10::IValue(), false), plain)) << rows;
    EXPECT_TRUE(near(call("da3::linear", x, weight, bias, false), plain + bias)) << rows;
    EXPECT_TRUE(near(call("da3::linear", x, weight, bias, true), at::gelu(plain + bias))) << rows;
    const at::Tensor residual = at::randn({rows, outputs});
    const at::Tensor sum = residual + plain[0] + bias;
    EXPECT_TRUE(near(call("da3::linear_add_", residual, x, weight, bias), sum)) << rows;
    EXPECT_TRUE(near(residual, sum)) << "in place";
  }
}

TEST_F(OwnOperators, LinearIsTheSameWithAnyNumberOfThreads) {
  const at::Tensor x = at::randn({150, 128});
  const at::Tensor weight = at::randn({9 * 32, 128});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = call("da3::linear", x, weight, c10::IValue(), false);
  for (const int more : {2, 5, 16}) {
    at::set_num_threads(more);
    EXPECT_TRUE(at::equal(call("da3::linear", x, weight, c10::IValue(), false), one)) << more;
  }
  at::set_num_threads(threads);
}

TEST_F(OwnOperators, RowsOfALayerArePartedAsThreadsNeedIt) {
  EXPECT_EQ(linear_row_parts(36, 1), 1);
  EXPECT_EQ(linear_row_parts(36, 2), 1);
  EXPECT_EQ(linear_row_parts(3, 2), 2) << "three panels for two threads";
  EXPECT_EQ(linear_row_parts(12, 16), 4);
  EXPECT_EQ(linear_row_parts(1, 6), 6);
  EXPECT_EQ(linear_row_parts(10, 7), 7);
}

TEST_F(OwnOperators, LinearRefusesWhatDoesNotFit) {
  const at::Tensor weight = at::randn({32, 64});
  const at::Tensor x = at::randn({70, 64});
  EXPECT_THROW(call("da3::linear", at::randn({70, 32}), weight, c10::IValue(), false), c10::Error);
  EXPECT_THROW(call("da3::linear", at::randn({64, 70}).t(), weight, c10::IValue(), false), c10::Error);
  EXPECT_THROW(call("da3::linear", x, at::randn({64, 32}).t(), c10::IValue(), false), c10::Error);
  EXPECT_THROW(call("da3::linear", x, weight, at::zeros({16}), false), c10::Error) << "a short bias";
  EXPECT_THROW(call("da3::linear_add_", at::zeros({69, 32}), x, weight, c10::IValue()), c10::Error);
}

class LowProducts : public ::testing::TestWithParam<BlockProducts> {
 protected:
  using OptionalTensor = std::optional<at::Tensor>;

  void SetUp() override {
    if (kernels_of(GetParam()) == nullptr) GTEST_SKIP() << "this processor has no such products";
    at::manual_seed(2);
  }

  static at::Tensor product(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias, bool gelu,
                            std::optional<double> norm = std::nullopt, const OptionalTensor& factors = {}) {
    static const auto schema =
        c10::Dispatcher::singleton()
            .findSchemaOrThrow("da3::product", "")
            .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                              std::int64_t, bool, std::optional<double>, const OptionalTensor&)>();
    return schema.call(x, packed, bias, static_cast<std::int64_t>(GetParam()), gelu, norm, factors);
  }

  static at::Tensor& product_add(at::Tensor& residual, const at::Tensor& x, const at::Tensor& packed,
                                 const at::Tensor& bias, const OptionalTensor& factors = {}) {
    static const auto schema =
        c10::Dispatcher::singleton()
            .findSchemaOrThrow("da3::product_add_", "")
            .typed<at::Tensor&(at::Tensor&, const at::Tensor&, const at::Tensor&, const OptionalTensor&,
                               std::int64_t, const OptionalTensor&)>();
    return schema.call(residual, x, packed, bias, static_cast<std::int64_t>(GetParam()), factors);
  }

  /// What rounding changes of a result, on average, at the most.
  static double share_of_rounding() {
    switch (GetParam()) {
      case BlockProducts::kInt16:
        return 1e-3;
      case BlockProducts::kBf16:
        return 5e-3;
      default:
        return 2e-2;
    }
  }

  /// What the factors stand for, in double.
  static at::Tensor rounded_weight(const at::Tensor& weight) {
    if (GetParam() == BlockProducts::kBf16) return weight.to(at::kBFloat16).to(at::kDouble);
    if (GetParam() == BlockProducts::kInt16) return weight.to(at::kDouble);  // The kernels test rounds too
    const at::Tensor scale = (weight.abs().amax({1}, true) / 127).to(at::kDouble);
    return at::round(weight.to(at::kDouble) / scale) * scale;
  }
  static at::Tensor rounded_rows(const at::Tensor& x) {
    if (GetParam() == BlockProducts::kBf16) return x.to(at::kBFloat16).to(at::kDouble);
    if (GetParam() == BlockProducts::kInt16) return x.to(at::kDouble);
    const at::Tensor low = at::clamp_max(x.amin({-1}, true), 0).to(at::kDouble);
    const at::Tensor high = at::clamp_min(x.amax({-1}, true), 0).to(at::kDouble);
    const at::Tensor scale = at::clamp_min((high - low) / 255, 1e-30);
    const at::Tensor zero = at::round(-low / scale);
    return (at::clamp(at::round(x.to(at::kDouble) / scale) + zero, 0, 255) - zero) * scale;
  }
};

TEST_P(LowProducts, AreThoseOfTheirRoundedFactors) {
  // Fewer rows than a tile, tiles that end within one, more rows than a block, and one that is all zeros.
  for (const auto& [rows, depth, outputs] :
       {std::tuple{1, 64, 32}, std::tuple{13, 384, 96}, std::tuple{721, 3072, 64}}) {
    at::Tensor x = at::randn({1, rows, depth}) * at::rand({rows, 1}) + 0.3;
    x[0][rows - 1].zero_();
    const at::Tensor weight = at::randn({outputs, depth}) * 0.05;
    const at::Tensor bias = at::randn({outputs});
    const at::Tensor packed = pack_low_product(GetParam(), weight);
    const at::Tensor expected =
        at::matmul(rounded_rows(x), rounded_weight(weight).t()) + bias.to(at::kDouble);
    const at::Tensor found = product(x, packed, bias, false);
    ASSERT_EQ(found.sizes(), (at::IntArrayRef{1, rows, outputs}));
    // A factor that lies between two codes may go to either, so the mean tells more than the largest.
    const double size = expected.abs().mean().item<double>();
    const double near = GetParam() == BlockProducts::kInt16 ? share_of_rounding() : 2e-5;
    EXPECT_LT((found - expected).abs().mean().item<double>(), near * size) << rows << " x " << depth;
    EXPECT_LT((found - expected).abs().max().item<double>(), 2e-2 * size) << rows << " x " << depth;
    EXPECT_TRUE(at::equal(found[0][rows - 1], bias)) << "zeros give the bias";

    EXPECT_LT((product(x, packed, bias, true) - at::gelu(found)).abs().max().item<float>(), 9e-5);

    at::Tensor residual = at::randn({rows, outputs});
    const at::Tensor sum = residual + found[0];
    EXPECT_TRUE(at::equal(product_add(residual, x, packed, bias), sum));
  }
}

TEST_P(LowProducts, NormTheirInputsAsLayerNormDoes) {
  at::Tensor x = at::randn({50, 384}) * at::rand({50, 1}) * 20 + 3;
  x[7].fill_(2.5);  // without variance
  const at::Tensor weight = at::randn({64, 384}) * 0.05;
  const at::Tensor bias = at::randn({64});
  const at::Tensor packed = pack_low_product(GetParam(), weight);
  const at::Tensor normed = at::layer_norm(x, {384}, {}, {}, 1e-6);
  const at::Tensor expected = product(normed, packed, bias, true);
  const at::Tensor found = product(x, packed, bias, true, 1e-6);
  // Rounding of the norm may take a factor to the next code.
  EXPECT_LT((found - expected).abs().mean().item<double>(), 2e-4);
  EXPECT_LT((found - expected).abs().max().item<double>(), 2e-2);
  const at::Tensor exact = at::gelu(at::linear(normed, weight, bias));
  const double size = exact.abs().mean().item<double>();
  const double share = share_of_rounding();
  EXPECT_LT((found - exact).abs().mean().item<double>(), share * size);
}

TEST_P(LowProducts, OfQueriesAndKeysAreRotatedAsByNormRotate) {
  constexpr std::int64_t kHeads = 3;
  constexpr std::int64_t kDim = 64;
  const auto rotated = c10::Dispatcher::singleton().findSchemaOrThrow("da3::product_rotated", "");
  const auto norm_rotate = c10::Dispatcher::singleton().findSchemaOrThrow("da3::norm_rotate_", "");
  const at::Tensor packed = pack_low_product(GetParam(), at::randn({3 * kHeads * kDim, 128}) * 0.1);
  const at::Tensor bias = at::randn({3 * kHeads * kDim});
  std::vector<at::Tensor> norms;
  for (int i = 0; i < 4; ++i) norms.push_back(at::randn({kDim}));
  const int threads = at::get_num_threads();
  for (const auto& [batch, tokens, num_threads] :
       {std::tuple{1, 1, 2}, std::tuple{2, 50, 4}, std::tuple{1, 721, 2}}) {
    at::set_num_threads(num_threads);
    const at::Tensor x = at::randn({batch, tokens, 128});
    const at::Tensor cos = at::randn({tokens, 1, kDim});
    const at::Tensor sin = at::randn({tokens, 1, kDim});
    const at::Tensor expected =
        product(x, packed, bias, false, 1e-6).view({batch, tokens, 3, kHeads, kDim}).clone();
    torch::jit::Stack apart{expected, c10::IValue(), norms[0], norms[1], norms[2], norms[3], cos, sin};
    norm_rotate.callBoxed(&apart);
    torch::jit::Stack stack{x,
                            packed,
                            bias,
                            static_cast<std::int64_t>(GetParam()),
                            kHeads,
                            norms[0],
                            norms[1],
                            norms[2],
                            norms[3],
                            cos,
                            sin,
                            1e-6,
                            c10::IValue()};
    rotated.callBoxed(&stack);
    EXPECT_TRUE(at::equal(stack.front().toTensor(), expected)) << batch << " x " << tokens;
  }
  at::set_num_threads(threads);
  torch::jit::Stack two_heads{at::randn({1, 5, 128}),
                              packed,
                              bias,
                              static_cast<std::int64_t>(GetParam()),
                              std::int64_t{2},
                              norms[0],
                              norms[1],
                              norms[2],
                              norms[3],
                              at::randn({5, 1, kDim}),
                              at::randn({5, 1, kDim}),
                              1e-6,
                              c10::IValue()};
  EXPECT_THROW(rotated.callBoxed(&two_heads), c10::Error);
}

TEST_P(LowProducts, OfAWholeMlpAreThoseOfItsLayers) {
  using Mlp = at::Tensor&(at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, const at::Tensor&,
                          const std::optional<at::Tensor>&, std::int64_t, double, const OptionalTensor&,
                          const OptionalTensor&);
  const auto mlp = c10::Dispatcher::singleton().findSchemaOrThrow("da3::low_mlp_", "").typed<Mlp>();
  const at::Tensor weight1 = at::randn({1536, 128}) * 0.1;
  const at::Tensor weight2 = at::randn({128, 1536}) * 0.02;
  const at::Tensor bias1 = at::randn({1536});
  const at::Tensor bias2 = at::randn({128});
  const at::Tensor packed1 = pack_low_product(GetParam(), weight1);
  const at::Tensor packed2 = pack_low_product(GetParam(), weight2);
  const auto kind = static_cast<std::int64_t>(GetParam());
  const int threads = at::get_num_threads();
  // One row, less than a tile for each thread, several blocks.
  for (const auto& [rows, num_threads] : {std::tuple{1, 2}, std::tuple{50, 5}, std::tuple{721, 2}}) {
    at::set_num_threads(num_threads);
    const at::Tensor x = at::randn({1, rows, 128});
    at::Tensor expected = x.clone();
    product_add(expected, product(x, packed1, bias1, true, 1e-6), packed2, bias2);
    at::Tensor found = x.clone();
    EXPECT_TRUE(at::equal(mlp.call(found, packed1, bias1, packed2, bias2, kind, 1e-6, {}, {}), expected))
        << rows;
    EXPECT_TRUE(at::equal(found, expected)) << "in place";
  }
  at::set_num_threads(threads);
  at::Tensor narrow = at::randn({3, 64});
  EXPECT_THROW(mlp.call(narrow, packed1, bias1, packed2, bias2, kind, 1e-6, {}, {}), c10::Error);
  at::Tensor fits = at::randn({3, 128});
  EXPECT_THROW(mlp.call(fits, packed1, bias1, packed1, bias1, kind, 1e-6, {}, {}), c10::Error)
      << "no second layer";
}

TEST_P(LowProducts, FactorsMultiplyInputsBeforeTheyAreRounded) {
  const at::Tensor x = at::randn({50, 128});
  const at::Tensor factors = at::exp2(at::randint(-4, 5, {128})).to(at::kFloat);
  const at::Tensor packed = pack_low_product(GetParam(), at::randn({128, 128}));
  const at::Tensor bias = at::randn({128});
  if (GetParam() != BlockProducts::kInt8) {
    EXPECT_THROW(product(x, packed, bias, false, {}, factors), c10::Error) << "only 8 bits take them";
    return;
  }
  const at::Tensor multiplied = x * factors;
  EXPECT_TRUE(
      at::equal(product(x, packed, bias, true, {}, factors), product(multiplied, packed, bias, true)));
  at::Tensor sum = at::randn({50, 128});
  at::Tensor expected = sum.clone();
  product_add(sum, x, packed, bias, factors);
  EXPECT_TRUE(at::equal(sum, product_add(expected, multiplied, packed, bias)));

  // Behind a norm, in each operator that has one.
  const at::Tensor normed = product(x, packed, bias, true, 1e-6, factors);
  const at::Tensor exact = product(at::layer_norm(x, {128}, {}, {}, 1e-6) * factors, packed, bias, true);
  EXPECT_LT((normed - exact).abs().mean().item<double>(), 1e-3 * exact.abs().mean().item<double>());
  using Mlp =
      at::Tensor&(at::Tensor&, const at::Tensor&, const OptionalTensor&, const at::Tensor&,
                  const OptionalTensor&, std::int64_t, double, const OptionalTensor&, const OptionalTensor&);
  const auto mlp = c10::Dispatcher::singleton().findSchemaOrThrow("da3::low_mlp_", "").typed<Mlp>();
  const auto kind = static_cast<std::int64_t>(GetParam());
  const at::Tensor other = factors.flip(0).contiguous();
  at::Tensor whole = x.clone();
  at::Tensor apart = x.clone();
  mlp.call(whole, packed, bias, packed, bias, kind, 1e-6, factors, other);
  product_add(apart, normed, packed, bias, other);
  EXPECT_TRUE(at::equal(whole, apart));
  EXPECT_THROW(product(x, packed, bias, false, {}, at::ones({64})), c10::Error) << "of another depth";
}

TEST_P(LowProducts, ConvolveAsLibTorchDoes) {
  using Convolution = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                                 std::int64_t, std::int64_t, bool, const std::optional<at::Tensor>&);
  const auto conv3 =
      c10::Dispatcher::singleton().findSchemaOrThrow("da3::low_conv3", "").typed<Convolution>();
  const auto kind = static_cast<std::int64_t>(GetParam());
  const auto last = at::MemoryFormat::ChannelsLast;
  const at::Tensor weight = at::randn({32, 64, 3, 3}) * 0.05;
  const at::Tensor bias = at::randn({32});
  const at::Tensor packed = pack_low_product(GetParam(), weight.permute({0, 2, 3, 1}).flatten(1));
  for (const auto& [batch, height, width, stride] :
       {std::tuple{1, 20, 36, 2}, std::tuple{2, 7, 5, 2}, std::tuple{2, 10, 18, 1}, std::tuple{1, 1, 1, 1}}) {
    const at::Tensor x = at::randn({batch, 64, height, width}).contiguous(last);
    const auto check = [&](const at::Tensor& found, const at::Tensor& expected) {
      ASSERT_EQ(found.sizes(), expected.sizes());
      EXPECT_TRUE(found.is_contiguous(last));
      // Factors are rounded by up to 2^-8 of themselves, or of the range of their window.
      const double share = share_of_rounding();
      EXPECT_LT((found - expected).abs().mean().item<double>(), share * expected.abs().mean().item<double>());
    };
    const at::Tensor plain = at::conv2d(x, weight, bias, stride, 1);
    check(conv3.call(x, packed, bias, kind, stride, false, std::nullopt), plain);
    check(conv3.call(x, packed, std::nullopt, kind, stride, true, std::nullopt),
          at::conv2d(at::relu(x), weight, {}, stride, 1));
    const at::Tensor residual = at::randn(plain.sizes()).contiguous(last);
    const at::Tensor before = residual.clone();
    check(conv3.call(x, packed, bias, kind, stride, false, residual), plain + residual);
    EXPECT_TRUE(at::equal(residual, before)) << "only read";
  }
  const at::Tensor x = at::randn({1, 64, 6, 8}).contiguous(last);
  EXPECT_THROW(conv3.call(x, packed, bias, kind, 3, false, std::nullopt), c10::Error) << "stride 3";
  EXPECT_THROW(conv3.call(x.contiguous(), packed, bias, kind, 1, false, std::nullopt), c10::Error);
  EXPECT_THROW(conv3.call(x, packed, bias, kind, 2, false, x), c10::Error) << "a residual too large";
}

TEST(PatchTokens, AreTheProductsOfPatchesAndTheirPositions) {
  using PatchTokens = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, std::int64_t);
  if (!suits_patch_tokens(64)) GTEST_SKIP() << "this processor has no products of 16-bit codes";
  EXPECT_FALSE(suits_patch_tokens(60));
  const auto operation =
      c10::Dispatcher::singleton().findSchemaOrThrow("da3::patch_tokens", "").typed<PatchTokens>();
  const at::Tensor weight = at::randn({64, 3, 14, 14}) * 0.05;
  const at::Tensor packed = pack_patch_weight(weight);
  const at::Tensor image = at::randn({2, 2, 3, 28, 42});
  const at::Tensor position = at::randn({7, 64});
  const at::Tensor tokens = operation.call(image, position, packed, 14);
  const at::Tensor patches = at::conv2d(image.flatten(0, 1), weight, {}, 14).flatten(2).transpose(1, 2);
  ASSERT_EQ(tokens.sizes(), at::IntArrayRef({4, 7, 64}));
  EXPECT_TRUE(at::equal(tokens.select(1, 0), position[0].expand({4, 64})));
  // Sums of 588 products of factors within 1e-4 of the largest.
  EXPECT_LT((tokens.narrow(1, 1, 6) - patches - position.narrow(0, 1, 6)).abs().max().item<double>(), 2e-3);
  EXPECT_THROW(operation.call(image, position, packed, 7), c10::Error) << "another patch";
  EXPECT_THROW(operation.call(image.narrow(4, 0, 28), position, packed, 14), c10::Error) << "not contiguous";
  EXPECT_THROW(operation.call(image, at::randn({6, 64}), packed, 14), c10::Error) << "a position too few";
}

TEST_P(LowProducts, OfARowDoNotDependOnTheOthers) {
  const at::Tensor x = at::randn({50, 128});
  const at::Tensor packed = pack_low_product(GetParam(), at::randn({64, 128}));
  const at::Tensor bias = at::randn({64});
  const at::Tensor all = product(x, packed, bias, false);
  for (const int row : {0, 12, 49})
    EXPECT_TRUE(
        at::equal(product(x.narrow(0, row, 1).contiguous(), packed, bias, false), all.narrow(0, row, 1)));
}

TEST_P(LowProducts, AreTheSameWithAnyNumberOfThreads) {
  const at::Tensor x = at::randn({100, 256});
  const at::Tensor packed = pack_low_product(GetParam(), at::randn({96, 256}));
  const at::Tensor bias = at::randn({96});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = product(x, packed, bias, false);
  at::set_num_threads(5);
  const at::Tensor five = product(x, packed, bias, false);
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one, five));
}

TEST_P(LowProducts, RefuseWhatDoesNotFit) {
  const at::Tensor packed = pack_low_product(GetParam(), at::randn({64, 128}));
  const at::Tensor bias = at::zeros({64});
  EXPECT_THROW(product(at::randn({3, 64}), packed, bias, false), c10::Error) << "another depth";
  EXPECT_THROW(product(at::randn({128, 3}).t(), packed, bias, false), c10::Error) << "not contiguous";
  EXPECT_THROW(product(at::randn({3, 128}), packed, at::zeros({32}), false), c10::Error) << "a short bias";
  at::Tensor residual = at::zeros({2, 64});
  EXPECT_THROW(product_add(residual, at::randn({3, 128}), packed, bias), c10::Error) << "other rows";
  EXPECT_FALSE(suits_low_products(GetParam(), at::randn({64, 100})));
  EXPECT_FALSE(suits_low_products(GetParam(), at::randn({60, 128})));
}

INSTANTIATE_TEST_SUITE_P(Each, LowProducts,
                         ::testing::Values(BlockProducts::kBf16, BlockProducts::kInt8, BlockProducts::kInt16),
                         [](const auto& each) {
                           return each.param == BlockProducts::kBf16   ? "bf16"
                                  : each.param == BlockProducts::kInt8 ? "int8"
                                                                       : "int16";
                         });

}  // namespace
}  // namespace da3::engine
