// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <engine/kernels/kernels.hpp>

#include "kernel_memory.hpp"

// Against plain double precision: the builds that this processor runs, and the register tiles of those that
// it may not run, in ordinary instructions (kernels_tiles_*.cpp).
namespace da3::engine::kernels {
namespace tiles_of_avx512 {
const Kernels& table();
}
namespace tiles_of_neon {
const Kernels& table();
}
namespace tiles_of_avx512_bf16 {
const AttentionKernels& bf16_attention_table();
const AttentionKernels& int8_attention_table();
}  // namespace tiles_of_avx512_bf16
namespace int16_of_avx512 {
const ProductKernels& int16_products_table();
}
namespace products_of_avx512 {
const ProductKernels& bf16_products_table();
const ProductKernels& int8_products_table();
}  // namespace products_of_avx512
namespace products_of_neon {
const ProductKernels& bf16_products_table();
const ProductKernels& int8_products_table();
}  // namespace products_of_neon
namespace {

class KernelsTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string build = GetParam();
    kernels_ = build == "avx512_tiles" ? &tiles_of_avx512::table()
               : build == "neon_tiles" ? &tiles_of_neon::table()
                                       : kernels_named(build.c_str());
    if (kernels_ == nullptr) GTEST_SKIP() << "there is no build of the kernels for this processor";
  }
  const Kernels* kernels_ = nullptr;
};

struct AttentionCase {
  std::int64_t queries;
  std::int64_t keys;
  std::int64_t head_dim;
  float spread;
};

/// One row of softmax(q k^T * scale) in double.
std::vector<double> attention_weights(const float* q, const std::vector<float>& k, std::int64_t stride,
                                      const AttentionCase& c, double scale) {
  std::vector<double> weights(static_cast<std::size_t>(c.keys));
  for (std::int64_t j = 0; j < c.keys; ++j) {
    double dot = 0;
    for (std::int64_t d = 0; d < c.head_dim; ++d)
      dot += double{q[d]} * double{k[static_cast<std::size_t>(j * stride + d)]};
    weights[static_cast<std::size_t>(j)] = dot * scale;
  }
  const double maximum = *std::ranges::max_element(weights);
  double sum = 0;
  for (double& weight : weights) sum += weight = std::exp(weight - maximum);
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// One row of softmax(q k^T * scale) v in double.
std::vector<double> attention_row(const float* q, const std::vector<float>& k, const std::vector<float>& v,
                                  std::int64_t stride, const AttentionCase& c, double scale) {
  const std::vector<double> weights = attention_weights(q, k, stride, c, scale);
  std::vector<double> row(static_cast<std::size_t>(c.head_dim));
  for (std::int64_t j = 0; j < c.keys; ++j) {
    for (std::int64_t d = 0; d < c.head_dim; ++d) {
      row[static_cast<std::size_t>(d)] +=
          weights[static_cast<std::size_t>(j)] * double{v[static_cast<std::size_t>(j * stride + d)]};
    }
  }
  return row;
}

// Around the register tile, the panel and the key block (768); large spreads make the softmax nearly one-hot.
const std::vector<AttentionCase> kAttentionCases{
    {1, 1, 64, 1},    {5, 15, 64, 1},   {24, 16, 64, 1},  {25, 33, 32, 1},   {50, 721, 64, 1},
    {13, 768, 64, 1}, {13, 769, 64, 1}, {7, 1600, 64, 1}, {30, 200, 128, 1}, {30, 1000, 64, 6}};

struct AttentionInputs {
  explicit AttentionInputs(const AttentionCase& c)
      : stride(3 * c.head_dim),  // as in a joint qkv matrix
        scale(1.0F / std::sqrt(static_cast<float>(c.head_dim))),
        q(random_values(static_cast<std::size_t>(c.queries * stride), c.spread, 1)),
        k(random_values(static_cast<std::size_t>(c.keys * stride), c.spread, 2)),
        v(random_values(static_cast<std::size_t>(c.keys * stride), 1, 3)) {}

  std::int64_t stride;
  float scale;
  std::vector<float> q;
  std::vector<float> k;
  std::vector<float> v;
};

/// (queries, head_dim) by the kernels, in two ranges of rows.
std::vector<float> attend_unchecked(const AttentionKernels& kernels, const AttentionCase& c,
                                    const AttentionInputs& in) {
  const std::int64_t floats = kernels.packed_floats(c.keys, c.head_dim);
  std::vector<float> keys = unwritten(floats);
  std::vector<float> values = unwritten(floats);
  kernels.pack_keys(in.k.data(), in.stride, c.keys, c.head_dim, keys.data());
  kernels.pack_values(in.v.data(), in.stride, c.keys, c.head_dim, values.data());
  std::vector<float> scratch = unwritten(kernels.scratch_floats(c.head_dim));
  std::vector<float> out(static_cast<std::size_t>(c.queries * c.head_dim), -1.0F);
  const AttentionHead head{.q = in.q.data(),
                           .out = out.data(),
                           .keys = keys.data(),
                           .values = values.data(),
                           .q_stride = in.stride,
                           .out_stride = c.head_dim,
                           .num_keys = c.keys,
                           .head_dim = c.head_dim,
                           .scale = in.scale};
  const std::int64_t middle = c.queries / 3;  // ranges that begin anywhere
  kernels.attend(head, 0, middle, scratch.data());
  kernels.attend(head, middle, c.queries, scratch.data());
  return out;
}

std::vector<float> attend(const AttentionKernels& kernels, const AttentionCase& c,
                          const AttentionInputs& in) {
  const ExpectsWrittenMemory check;
  return attend_unchecked(kernels, c, in);
}

TEST_P(KernelsTest, AttentionEqualsTheDefinition) {
  for (const AttentionCase& c : kAttentionCases) {
    const AttentionInputs in(c);
    const std::vector<float> out = attend(kernels_->attention, c, in);
    for (std::int64_t i = 0; i < c.queries; ++i) {
      const auto expected =
          attention_row(in.q.data() + i * in.stride, in.k, in.v, in.stride, c, double{in.scale});
      for (std::int64_t d = 0; d < c.head_dim; ++d) {
        // Scores of up to 200 in float32 carry an absolute error of 2e-5, which the exponential turns into a
        // relative one.
        ASSERT_NEAR(out[static_cast<std::size_t>(i * c.head_dim + d)], expected[static_cast<std::size_t>(d)],
                    c.spread > 1 ? 2e-4 : 5e-6)
            << c.queries << " queries, " << c.keys << " keys, row " << i << ", feature " << d;
      }
    }
  }
}

/// What is no number, or infinite, in one query, key or value reaches what depends on it and nothing else.
void expect_no_neighbour_is_touched(const AttentionKernels& kernels) {
  const AttentionCase c{30, 50, 64, 1};
  const AttentionInputs good(c);
  const std::vector<float> expected = attend(kernels, c, good);
  const auto at = [&](std::int64_t row, std::int64_t feature) {
    return static_cast<std::size_t>(row * good.stride + feature);
  };
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    AttentionInputs query = good;
    query.q[at(17, 3)] = odd;
    AttentionInputs value = good;
    value.v[at(49, 3)] = odd;
    const std::vector<float> of_query = attend_unchecked(kernels, c, query);
    const std::vector<float> of_value = attend_unchecked(kernels, c, value);
    for (std::int64_t i = 0; i < c.queries * c.head_dim; ++i) {
      const auto here = static_cast<std::size_t>(i);
      // Another way of taking the softmax: other rounding.
      if (i / c.head_dim != 17) {
        EXPECT_NEAR(of_query[here], expected[here], 4e-3) << i;
      }
      if (i % c.head_dim == 3) {
        EXPECT_FALSE(std::isfinite(of_value[here])) << i;
      } else {
        EXPECT_EQ(of_value[here], expected[here]) << i;
      }
    }
    AttentionInputs key = good;
    key.k[at(49, 3)] = std::numeric_limits<float>::quiet_NaN();
    for (const float x : attend_unchecked(kernels, c, key)) EXPECT_TRUE(std::isnan(x));
  }
}

TEST_P(KernelsTest, AttentionKeepsWhatIsNoNumberWhereItBelongs) {
  expect_no_neighbour_is_touched(kernels_->attention);
}

TEST_P(KernelsTest, AttentionIsRightOnBothSidesOfItsBound) {
  // Norms of 8 to 40 and 8 to 40: products of up to 60 exponents of two, and beyond, in one head.
  AttentionCase c{100, 130, 64, 1};
  AttentionInputs in(c);
  for (std::int64_t row = 0; row < c.queries; ++row) {
    for (std::int64_t d = 0; d < c.head_dim; ++d)
      in.q[static_cast<std::size_t>(row * in.stride + d)] *= 1.0F + 0.05F * static_cast<float>(row);
  }
  for (float& k : in.k) k *= 3;
  const std::vector<float> out = attend(kernels_->attention, c, in);
  for (std::int64_t i = 0; i < c.queries; ++i) {
    const auto expected =
        attention_row(in.q.data() + i * in.stride, in.k, in.v, in.stride, c, double{in.scale});
    for (std::int64_t d = 0; d < c.head_dim; ++d)
      ASSERT_NEAR(out[static_cast<std::size_t>(i * c.head_dim + d)], expected[static_cast<std::size_t>(d)],
                  5e-5);
  }
}

/// The nearest bfloat16, ties to even.
float to_bf16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
}

class Bf16Attention : public ::testing::TestWithParam<const char*> {};

TEST_P(Bf16Attention, RoundsItsFactorsAndNothingElse) {
  const AttentionKernels* const kernels =
      GetParam() == std::string("chosen") ? bf16_attention() : &tiles_of_avx512_bf16::bf16_attention_table();
  if (kernels == nullptr) GTEST_SKIP() << "there is no attention in bfloat16 for this processor";
  for (const AttentionCase& c : kAttentionCases) {
    const AttentionInputs in(c);
    const std::vector<float> out = attend(*kernels, c, in);
    AttentionInputs rounded = in;
    constexpr float kLog2E = 1.44269504088896341F;  // Scores are powers of two
    for (float& q : rounded.q) q = to_bf16(q * (in.scale * kLog2E));
    for (auto* const each : {&rounded.k, &rounded.v}) {
      for (float& value : *each) value = to_bf16(value);
    }
    AttentionInputs magnitudes = rounded;
    for (float& v : magnitudes.v) v = std::abs(v);
    for (std::int64_t i = 0; i < c.queries; ++i) {
      const float* const q = rounded.q.data() + i * in.stride;
      const auto expected = attention_row(q, rounded.k, rounded.v, in.stride, c, 1 / double{kLog2E});
      // Each exponential is rounded by up to 2^-9 of itself.
      const auto most = attention_row(q, rounded.k, magnitudes.v, in.stride, c, 1 / double{kLog2E});
      for (std::int64_t d = 0; d < c.head_dim; ++d) {
        const auto at = static_cast<std::size_t>(d);
        ASSERT_NEAR(out[static_cast<std::size_t>(i * c.head_dim + d)], expected[at],
                    most[at] / 512 + (c.spread > 1 ? 5e-4 : 1e-5))
            << c.queries << " queries, " << c.keys << " keys, row " << i << ", feature " << d;
      }
    }
  }
}

TEST_P(Bf16Attention, KeepsWhatIsNoNumberWhereItBelongs) {
  const AttentionKernels* const kernels =
      GetParam() == std::string("chosen") ? bf16_attention() : &tiles_of_avx512_bf16::bf16_attention_table();
  if (kernels == nullptr) GTEST_SKIP() << "there is no attention in bfloat16 for this processor";
  expect_no_neighbour_is_touched(*kernels);
}

class Int8Attention : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    kernels_ = GetParam() == std::string("chosen") ? int8_attention()
                                                   : &tiles_of_avx512_bf16::int8_attention_table();
    if (kernels_ == nullptr) GTEST_SKIP() << "there is no attention in 8 bits for this processor";
  }
  const AttentionKernels* kernels_ = nullptr;
};

/// 8-bit codes of each row as the numbers that they stand for.
void round_rows(std::vector<float>& values, std::int64_t stride, std::int64_t head_dim) {
  for (std::size_t row = 0; row < values.size(); row += static_cast<std::size_t>(stride)) {
    const std::span<float> features(values.data() + row, static_cast<std::size_t>(head_dim));
    float largest = 0;
    for (const float value : features) largest = std::max(largest, std::abs(value));
    for (float& value : features) value = std::nearbyint(value * (127 / largest)) * (largest / 127);
  }
}

TEST_P(Int8Attention, RoundsToCodesAndNothingElse) {
  for (const AttentionCase& c : kAttentionCases) {
    if (c.head_dim % kInt8HeadMultiple != 0) continue;
    const AttentionInputs in(c);
    const std::vector<float> out = attend(*kernels_, c, in);
    AttentionInputs rounded = in;
    for (auto* const each : {&rounded.q, &rounded.k}) round_rows(*each, in.stride, c.head_dim);
    std::vector<double> half_steps(static_cast<std::size_t>(c.head_dim));
    AttentionInputs distances = rounded;  // of values from the middle of their feature
    for (std::int64_t d = 0; d < c.head_dim; ++d) {
      float low = in.v[static_cast<std::size_t>(d)];
      float high = low;
      const auto value = [&](std::vector<float>& of, std::int64_t key) -> float& {
        return of[static_cast<std::size_t>(key * in.stride + d)];
      };
      for (std::int64_t key = 0; key < c.keys; ++key) {
        low = std::min(low, value(rounded.v, key));
        high = std::max(high, value(rounded.v, key));
      }
      half_steps[static_cast<std::size_t>(d)] = (high - low) / 2 / 254;
      for (std::int64_t key = 0; key < c.keys; ++key)
        value(distances.v, key) = std::abs(value(rounded.v, key) - (low + high) / 2);
    }
    for (std::int64_t i = 0; i < c.queries; ++i) {
      const float* const q = rounded.q.data() + i * in.stride;
      const auto expected = attention_row(q, rounded.k, rounded.v, in.stride, c, double{in.scale});
      // An exponential is up to a code off, a 254th of the largest of its block, to either side: together
      // they grow with the root of their number.
      const auto distance = attention_row(q, rounded.k, distances.v, in.stride, c, 0);
      const auto weights = attention_weights(q, rounded.k, in.stride, c, double{in.scale});
      const double codes =
          *std::ranges::max_element(weights) / 254.0 * 4.0 * std::sqrt(static_cast<double>(c.keys));
      for (std::int64_t d = 0; d < c.head_dim; ++d) {
        const auto at = static_cast<std::size_t>(d);
        // A factor between two codes may go to either.
        ASSERT_NEAR(out[static_cast<std::size_t>(i * c.head_dim + d)], expected[at],
                    half_steps[at] + codes * distance[at] + (c.spread > 1 ? 2e-2 : 1e-3))
            << c.queries << " queries, " << c.keys << " keys, row " << i << ", feature " << d;
      }
    }
  }
}

TEST_P(Int8Attention, KeepsWhatIsNoNumberWhereItBelongs) {
  expect_no_neighbour_is_touched(*kernels_);
}

TEST_P(Int8Attention, ScoresOfAnySizeGiveNumbers) {
  // Beyond what a network has: half a unit in the last place of a score is more than a power of two.
  const AttentionCase c{25, 700, 64, 1};
  for (const float size : {1e2F, 1e4F, 1e8F}) {
    AttentionInputs in(c);
    for (float& q : in.q) q *= size;
    for (float& k : in.k) k *= size;
    const std::vector<float> out = attend(*kernels_, c, in);
    AttentionInputs rounded = in;
    for (auto* const each : {&rounded.q, &rounded.k}) round_rows(*each, in.stride, c.head_dim);
    for (std::int64_t i = 0; i < c.queries; ++i) {
      const float* const q = rounded.q.data() + i * in.stride;
      const auto expected = attention_row(q, rounded.k, rounded.v, in.stride, c, double{in.scale});
      for (std::int64_t d = 0; d < c.head_dim; ++d) {
        ASSERT_NEAR(out[static_cast<std::size_t>(i * c.head_dim + d)], expected[static_cast<std::size_t>(d)],
                    0.05)
            << size << ", row " << i << ", feature " << d;
      }
    }
  }
}

TEST_P(Int8Attention, AKeyThatTakesMuchOfARowLeavesTheOthersTheirShare) {
  // Trained networks have such rows. Against the largest of the row every other exponential would be far
  // below one code: each alone is lost, all together are 1 - share of the row.
  for (const double share : {0.1, 0.3, 0.6, 0.9}) {
    const AttentionCase c{12, 721, 64, 0};
    AttentionInputs in(c);
    std::ranges::fill(in.q, 0.0F);
    std::ranges::fill(in.k, 0.0F);
    const double exponent = std::log(share / (1 - share) * static_cast<double>(c.keys - 1));
    constexpr std::int64_t kSink = 300;
    for (std::int64_t row = 0; row < c.queries; ++row) in.q[static_cast<std::size_t>(row * in.stride)] = 1;
    in.k[static_cast<std::size_t>(kSink * in.stride)] = static_cast<float>(exponent) / in.scale;
    // The sink's own value is 0, that of all others 1: what they come to is their share.
    for (std::int64_t key = 0; key < c.keys; ++key) {
      for (std::int64_t d = 0; d < c.head_dim; ++d)
        in.v[static_cast<std::size_t>(key * in.stride + d)] = key == kSink ? 0.0F : 1.0F;
    }
    for (const float got : attend(*kernels_, c, in)) EXPECT_NEAR(got, 1 - share, 0.01) << share;
  }
}

INSTANTIATE_TEST_SUITE_P(Builds, Int8Attention, ::testing::Values("chosen", "avx512_tiles"),
                         [](const auto& param) { return std::string(param.param); });

/// A build of the products: what the processor has, or the register tiles of another in ordinary
/// instructions.
const ProductKernels* products_named(const std::string& name) {
  if (name == "bf16") return bf16_products();
  if (name == "int8") return int8_products();
  if (name == "bf16_avx512_tiles") return &products_of_avx512::bf16_products_table();
  if (name == "int8_avx512_tiles") return &products_of_avx512::int8_products_table();
  if (name == "int16") return int16_products();
  if (name == "int16_avx512_tiles") return &int16_of_avx512::int16_products_table();
  if (name == "bf16_neon_tiles") return &products_of_neon::bf16_products_table();
  return &products_of_neon::int8_products_table();
}

class Products : public ::testing::TestWithParam<const char*> {};

TEST_P(Products, AreThoseOfTheirRoundedFactors) {
  const ProductKernels* const kernel = products_named(GetParam());
  if (kernel == nullptr) GTEST_SKIP() << "this processor has no such products";
  const bool bytes = kernel->factors == 4;
  const bool codes = std::string(GetParam()).starts_with("int16");
  constexpr std::int64_t kDepth = 192;
  const std::int64_t outputs = 2 * kernel->panel;
  const std::int64_t rows = kernel->rows + 1;  // a whole tile and one row of the next
  std::mt19937 random(5);
  std::uniform_real_distribution<float> any(-1, 1.5);
  std::vector<float> x(static_cast<std::size_t>(rows * kDepth));
  std::vector<float> weights(static_cast<std::size_t>(outputs * kDepth));
  std::vector<float> bias(static_cast<std::size_t>(outputs));
  for (auto* const each : {&x, &weights, &bias}) {
    for (float& value : *each) value = any(random);
  }
  std::fill_n(weights.begin(), kDepth, 0.0F);  // an output without weights keeps a scale

  std::vector<std::uint32_t> packed(static_cast<std::size_t>(kernel->packed_words(outputs, kDepth)));
  for (std::int64_t panel = 0; panel < 2; ++panel) kernel->pack(weights.data(), kDepth, panel, packed.data());
  const std::int64_t words = kDepth / kernel->factors;
  std::vector<std::uint32_t> inputs(static_cast<std::size_t>(2 * kernel->rows * words));
  std::vector<InputScale> scales(static_cast<std::size_t>(rows));
  kernel->put_rows({.x = x.data(), .rows = rows, .depth = kDepth}, inputs.data(), scales.data());
  std::vector<float> out(static_cast<std::size_t>(rows * outputs), 7.0F);
  const Product product{.inputs = inputs.data(),
                        .scales = scales.data(),
                        .weights = packed.data(),
                        .bias = bias.data(),
                        .depth = kDepth,
                        .add = true,
                        .out = out.data(),
                        .out_stride = outputs};
  for (std::int64_t panel = 0; panel < 2; ++panel) kernel->multiply(product, 0, rows, panel);

  const auto rounded_input = [&](std::int64_t row, std::int64_t k) -> double {
    const float value = x[static_cast<std::size_t>(row * kDepth + k)];
    if (!bytes && !codes) return to_bf16(value);
    const InputScale& scale = scales[static_cast<std::size_t>(row)];
    const std::int64_t place = kernel->place(k, kDepth);
    if (codes) {
      const std::uint32_t word = inputs[static_cast<std::size_t>(row * words + place / 2)];
      const double stands_for =
          static_cast<double>(scale.scale) *
          static_cast<std::int16_t>(static_cast<std::uint16_t>(word >> (16 * (place % 2))));
      EXPECT_NEAR(stands_for, value, 0.51 * scale.scale);
      return stands_for;
    }
    const std::uint32_t word = inputs[static_cast<std::size_t>(row * words + place / 4)];
    const auto code = static_cast<std::int32_t>((word >> (8 * (place % 4))) & 0xFF);
    const double stands_for = static_cast<double>(scale.scale) * (code - scale.zero);
    EXPECT_NEAR(stands_for, value, 0.501 * scale.scale);
    return stands_for;
  };
  for (std::int64_t output = 0; output < outputs; ++output) {
    const float* const weight = weights.data() + output * kDepth;
    double largest = 0;
    double squares = 0;
    for (std::int64_t k = 0; k < kDepth; ++k) {
      largest = std::max(largest, std::abs(double{weight[k]}));
      squares += double{weight[k]} * double{weight[k]};
    }
    // The code of a weight of 1.
    const double code = bytes ? 127 / largest : std::min(65000 / std::sqrt(squares), 32767 / largest);
    for (std::int64_t row = 0; row < rows; ++row) {
      double expected = 7.0 + bias[static_cast<std::size_t>(output)];
      for (std::int64_t k = 0; k < kDepth; ++k) {
        const double factor = !bytes && !codes ? to_bf16(weight[k])
                              : largest == 0   ? 0
                                               : std::nearbyint(weight[k] * code) / code;
        expected += rounded_input(row, k) * factor;
      }
      // A weight between two codes may go to either.
      const double tolerance = bytes ? 0.03 : codes ? 3e-4 : 1e-4;
      EXPECT_NEAR(out[static_cast<std::size_t>(row * outputs + output)], expected, tolerance)
          << row << ", " << output;
    }
  }
}

class Int8Products : public ::testing::TestWithParam<const char*> {};

TEST_P(Int8Products, FactorsAreThoseOfTheRow) {
  const ProductKernels* const kernel = products_named(GetParam());
  if (kernel == nullptr) GTEST_SKIP() << "this processor has no such products";
  constexpr std::int64_t kDepth = 192;
  std::mt19937 random(6);
  std::uniform_real_distribution<float> any(-1, 1.5);
  std::vector<float> x(kDepth);
  std::vector<float> factors(kDepth);
  for (float& value : x) value = any(random);
  for (float& factor : factors) factor = std::exp2(std::round(4 * any(random)));
  constexpr float kEpsilon = 0.125F;
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / kDepth;
  double variance = 0;
  for (const float value : x) variance += (value - mean) * (value - mean) / kDepth;
  std::vector<float> multiplied(kDepth);
  for (std::size_t k = 0; k < multiplied.size(); ++k)
    multiplied[k] = static_cast<float>((x[k] - mean) / std::sqrt(variance + kEpsilon)) * factors[k];
  constexpr std::int64_t kWords = kDepth / 4;
  std::vector<std::uint32_t> codes(kWords);
  std::vector<std::uint32_t> expected(kWords);
  InputScale scale;
  InputScale wanted;
  kernel->put_rows({.x = x.data(),
                    .rows = 1,
                    .depth = kDepth,
                    .normed = true,
                    .epsilon = kEpsilon,
                    .factors = factors.data()},
                   codes.data(), &scale);
  kernel->put_rows({.x = multiplied.data(), .rows = 1, .depth = kDepth}, expected.data(), &wanted);
  EXPECT_NEAR(scale.scale, wanted.scale, 1e-5F * wanted.scale);
  EXPECT_EQ(scale.zero, wanted.zero);
  for (std::size_t word = 0; word < codes.size(); ++word) {
    for (int byte = 0; byte < 4; ++byte) {
      const auto code = [&](std::uint32_t of) { return static_cast<int>((of >> (8 * byte)) & 0xFF); };
      // A value between two codes may go to either, where a product and a sum are rounded apart.
      EXPECT_NEAR(code(codes[word]), code(expected[word]), 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Builds, Int8Products,
                         ::testing::Values("int8", "int8_avx512_tiles", "int8_neon_tiles"),
                         [](const auto& each) { return std::string(each.param); });

INSTANTIATE_TEST_SUITE_P(Builds, Products,
                         ::testing::Values("bf16", "int8", "bf16_avx512_tiles", "int8_avx512_tiles",
                                           "bf16_neon_tiles", "int8_neon_tiles", "int16",
                                           "int16_avx512_tiles"),
                         [](const auto& each) { return std::string(each.param); });

INSTANTIATE_TEST_SUITE_P(Builds, Bf16Attention, ::testing::Values("chosen", "avx512_tiles"),
                         [](const auto& param) { return std::string(param.param); });

TEST_P(KernelsTest, GeluIsTheExactFormToRounding) {
  std::vector<float> x;
  for (int i = -120'000; i <= 120'000; ++i) x.push_back(static_cast<float>(i) * 1e-4F);
  for (const float large : {1e3F, 1e10F, 3e38F}) x.insert(x.end(), {large, -large});
  std::vector<float> y = x;
  kernels_->gelu(y.data(), nullptr, static_cast<std::int64_t>(y.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double value = double{x[i]};
    const double expected = 0.5 * value * std::erfc(-value / std::sqrt(2.0));
    ASSERT_NEAR(y[i], expected, 3e-7 * std::max(1.0, std::abs(value))) << "at " << value;
  }
}

struct LinearCase {
  std::int64_t rows, depth, outputs;
  bool bias, gelu, add;
};

TEST_P(KernelsTest, LinearEqualsTheDefinition) {
  const std::int64_t width = kernels_->panel / 2;
  const std::int64_t tile = kernels_->linear_rows;
  // One tile; a depth below a vector; a last tile that overlaps; a last panel of one vector; the whole.
  for (const LinearCase& c : {LinearCase{tile, 1, 2 * width, false, false, false},
                              LinearCase{tile + 1, width + 3, width, true, false, false},
                              LinearCase{3 * tile - 1, 192, 3 * width, true, true, false},
                              LinearCase{61, 588, 4 * width, true, false, true},
                              LinearCase{5 * tile, 3072, 2 * width, false, true, true}}) {
    const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    auto x = random_values(size(c.rows * c.depth), 1, 1);
    const auto weights = random_values(size(c.outputs * c.depth), 0.05F, 2);
    const auto bias = random_values(size(c.outputs), 1, 3);
    const auto before = random_values(size(c.rows * c.outputs), 1, 4);
    std::vector<float> out = c.add ? before : unwritten(c.rows * c.outputs);
    std::vector<float> scratch = unwritten(kernels_->linear_scratch_floats(c.depth));
    const Linear linear{.inputs = x.data(),
                        .weights = weights.data(),
                        .bias = c.bias ? bias.data() : nullptr,
                        .rows = c.rows,
                        .depth = c.depth,
                        .outputs = c.outputs,
                        .gelu = c.gelu,
                        .add = c.add,
                        .out = out.data()};
    const auto run = [&] {
      for (std::int64_t panel = 0; panel * kernels_->panel < c.outputs; ++panel) {
        const std::int64_t middle = c.rows / 2 / tile * tile;
        kernels_->linear(linear, 0, middle, panel, scratch.data());
        kernels_->linear(linear, middle, c.rows, panel, scratch.data());
      }
    };
    {
      const ExpectsWrittenMemory check;
      run();
    }
    for (std::int64_t i = 0; i < c.rows * c.outputs; ++i) {
      double expected = c.bias ? double{bias[size(i % c.outputs)]} : 0;
      for (std::int64_t k = 0; k < c.depth; ++k)
        expected +=
            double{x[size(i / c.outputs * c.depth + k)]} * double{weights[size(i % c.outputs * c.depth + k)]};
      if (c.gelu) expected *= 0.5 * std::erfc(-expected / std::sqrt(2.0));
      if (c.add) expected += double{before[size(i)]};
      // Up to 3072 products of size 0.05 in float32.
      ASSERT_NEAR(out[size(i)], expected, 2e-5) << c.rows << " x " << c.depth << ", value " << i;
    }

    // A row that is not a number stays the only one.
    const std::vector<float> all = out;
    x[size(c.rows - 1) * size(c.depth)] = std::numeric_limits<float>::quiet_NaN();
    if (c.add) out = before;
    run();
    for (std::int64_t i = 0; i < c.rows * c.outputs; ++i) {
      if (i / c.outputs == c.rows - 1) {
        ASSERT_TRUE(std::isnan(out[size(i)]));
      } else {
        ASSERT_EQ(out[size(i)], all[size(i)]) << "value " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Builds, KernelsTest,
                         ::testing::Values("avx2", "avx512", "neon", "avx512_tiles", "neon_tiles"),
                         [](const auto& build) { return std::string(build.param); });

TEST(Kernels, TheChosenBuildIsOneThatRunsHere) {
  const Kernels* chosen = kernels();
  if (chosen == nullptr) GTEST_SKIP() << "no build of the kernels for this processor";
  EXPECT_EQ(kernels_named(chosen->name), chosen);
}

}  // namespace
}  // namespace da3::engine::kernels
