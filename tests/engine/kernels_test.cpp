// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <engine/kernels/kernels.hpp>

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
const ConvolutionKernels& int16_convolutions_table();
const ProductKernels& int16_products_table();
}  // namespace int16_of_avx512
namespace products_of_avx512 {
const ProductKernels& bf16_products_table();
const ProductKernels& int8_products_table();
}  // namespace products_of_avx512
namespace products_of_neon {
const ProductKernels& bf16_products_table();
const ProductKernels& int8_products_table();
}  // namespace products_of_neon
namespace {

std::vector<float> random_values(std::size_t count, float spread, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, spread);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// Memory that nobody has written yet: arithmetic with any of it raises FE_INVALID, whatever comes of it.
std::vector<float> unwritten(std::int64_t count) {
  return std::vector<float>(static_cast<std::size_t>(count), std::numeric_limits<float>::signaling_NaN());
}

/// Fails where what runs in its scope computes with `unwritten` memory.
class ExpectsWrittenMemory {
 public:
  ExpectsWrittenMemory() { std::feclearexcept(FE_INVALID); }
  ~ExpectsWrittenMemory() { EXPECT_EQ(std::fetestexcept(FE_INVALID), 0) << "scratch is used unwritten"; }
  ExpectsWrittenMemory(const ExpectsWrittenMemory&) = delete;
  ExpectsWrittenMemory& operator=(const ExpectsWrittenMemory&) = delete;
};

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

/// One row of softmax(q k^T * scale) v in double.
std::vector<double> attention_row(const float* q, const std::vector<float>& k, const std::vector<float>& v,
                                  std::int64_t stride, const AttentionCase& c, double scale) {
  std::vector<double> scores(static_cast<std::size_t>(c.keys));
  for (std::int64_t j = 0; j < c.keys; ++j) {
    double dot = 0;
    for (std::int64_t d = 0; d < c.head_dim; ++d)
      dot += double{q[d]} * double{k[static_cast<std::size_t>(j * stride + d)]};
    scores[static_cast<std::size_t>(j)] = dot * scale;
  }
  const double maximum = *std::ranges::max_element(scores);
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - maximum);
  std::vector<double> row(static_cast<std::size_t>(c.head_dim));
  for (std::int64_t j = 0; j < c.keys; ++j) {
    for (std::int64_t d = 0; d < c.head_dim; ++d) {
      row[static_cast<std::size_t>(d)] +=
          scores[static_cast<std::size_t>(j)] / sum * double{v[static_cast<std::size_t>(j * stride + d)]};
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
      if (i / c.head_dim != 17) EXPECT_NEAR(of_query[here], expected[here], 4e-3) << i;
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
    kernels_ =
        GetParam() == std::string("chosen") ? int8_attention() : &tiles_of_avx512_bf16::int8_attention_table();
    if (kernels_ == nullptr) GTEST_SKIP() << "there is no attention in 8 bits for this processor";
  }
  const AttentionKernels* kernels_ = nullptr;
};

TEST_P(Int8Attention, RoundsQueriesAndKeysByTheirRows) {
  for (const AttentionCase& c : kAttentionCases) {
    if (c.head_dim % kInt8HeadMultiple != 0) continue;
    const AttentionInputs in(c);
    const std::vector<float> out = attend(*kernels_, c, in);
    AttentionInputs rounded = in;
    for (auto* const each : {&rounded.q, &rounded.k}) {
      for (std::size_t row = 0; row < each->size(); row += static_cast<std::size_t>(in.stride)) {
        float largest = 0;
        for (std::int64_t d = 0; d < c.head_dim; ++d)
          largest = std::max(largest, std::abs((*each)[row + static_cast<std::size_t>(d)]));
        for (std::int64_t d = 0; d < c.head_dim; ++d) {
          float& value = (*each)[row + static_cast<std::size_t>(d)];
          value = std::nearbyint(value * (127 / largest)) * (largest / 127);
        }
      }
    }
    for (float& v : rounded.v) v = to_bf16(v);
    AttentionInputs magnitudes = rounded;
    for (float& v : magnitudes.v) v = std::abs(v);
    for (std::int64_t i = 0; i < c.queries; ++i) {
      const float* const q = rounded.q.data() + i * in.stride;
      const auto expected = attention_row(q, rounded.k, rounded.v, in.stride, c, double{in.scale});
      const auto most = attention_row(q, rounded.k, magnitudes.v, in.stride, c, double{in.scale});
      for (std::int64_t d = 0; d < c.head_dim; ++d) {
        const auto at = static_cast<std::size_t>(d);
        // Each exponential is rounded by up to 2^-9 of itself; a factor between two codes may go to either.
        ASSERT_NEAR(out[static_cast<std::size_t>(i * c.head_dim + d)], expected[at],
                    most[at] / 512 + (c.spread > 1 ? 2e-2 : 1e-3))
            << c.queries << " queries, " << c.keys << " keys, row " << i << ", feature " << d;
      }
    }
  }
}

TEST_P(Int8Attention, KeepsWhatIsNoNumberWhereItBelongs) { expect_no_neighbour_is_touched(*kernels_); }

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
  for (std::int64_t row = 0; row < rows; ++row) {
    scales[static_cast<std::size_t>(row)] =
        kernel->put_row(x.data() + row * kDepth, kDepth, {}, inputs.data() + row * words);
  }
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
    if (codes) {
      const std::uint32_t word = inputs[static_cast<std::size_t>(row * words + k / 2)];
      const double stands_for = static_cast<double>(scale.scale) *
                                static_cast<std::int16_t>(static_cast<std::uint16_t>(word >> (16 * (k % 2))));
      EXPECT_NEAR(stands_for, value, 0.51 * scale.scale);
      return stands_for;
    }
    const std::uint32_t word = inputs[static_cast<std::size_t>(row * words + k / 4)];
    const auto code = static_cast<std::int32_t>((word >> (8 * (k % 4))) & 0xFF);
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

struct TailCase {
  std::int64_t in_height, in_width, channels, out_height, out_width, outputs;
  bool with_map;
};

/// The stage written out: upsample everything, convolve, ReLU, 1x1.
std::vector<double> depth_tail(const TailCase& c, const std::vector<float>& input,
                               const std::vector<float>& w3, const std::vector<float>& b3,
                               const std::vector<float>& map, const std::vector<float>& w1,
                               const std::vector<float>& b1) {
  const auto at = [&](std::int64_t y, std::int64_t x, std::int64_t i) {
    return double{input[static_cast<std::size_t>((y * c.in_width + x) * c.channels + i)]};
  };
  std::vector<double> up(static_cast<std::size_t>(c.out_height * c.out_width * c.channels));
  for (std::int64_t y = 0; y < c.out_height; ++y) {
    for (std::int64_t x = 0; x < c.out_width; ++x) {
      const double sy = c.out_height > 1 ? double(y) * double(c.in_height - 1) / double(c.out_height - 1) : 0;
      const double sx = c.out_width > 1 ? double(x) * double(c.in_width - 1) / double(c.out_width - 1) : 0;
      const auto y0 = static_cast<std::int64_t>(sy);
      const auto x0 = static_cast<std::int64_t>(sx);
      const auto y1 = std::min(y0 + 1, c.in_height - 1);
      const auto x1 = std::min(x0 + 1, c.in_width - 1);
      const double fy = sy - double(y0);
      const double fx = sx - double(x0);
      for (std::int64_t i = 0; i < c.channels; ++i) {
        up[static_cast<std::size_t>((y * c.out_width + x) * c.channels + i)] =
            (1 - fy) * ((1 - fx) * at(y0, x0, i) + fx * at(y0, x1, i)) +
            fy * ((1 - fx) * at(y1, x0, i) + fx * at(y1, x1, i));
      }
    }
  }
  std::vector<double> out(static_cast<std::size_t>(c.outputs * c.out_height * c.out_width));
  for (std::int64_t y = 0; y < c.out_height; ++y) {
    for (std::int64_t x = 0; x < c.out_width; ++x) {
      for (std::int64_t o = 0; o < c.outputs; ++o)
        out[static_cast<std::size_t>((o * c.out_height + y) * c.out_width + x)] =
            double{b1[static_cast<std::size_t>(o)]};
      for (std::int64_t m = 0; m < kTailChannels; ++m) {
        double sum = double{b3[static_cast<std::size_t>(m)]};
        if (c.with_map) {
          // First, inner or last.
          const std::int64_t row = y == 0 ? 0 : y < c.out_height - 1 ? 1 : 2;
          const std::int64_t column = x == 0 ? 0 : x < c.out_width - 1 ? 1 : 2;
          const std::int64_t in_rows = 3 * c.out_width + 3 * y + column;
          sum += double{map[static_cast<std::size_t>((row * c.out_width + x) * kTailChannels + m)]} +
                 double{map[static_cast<std::size_t>(in_rows * kTailChannels + m)]};
        }
        for (std::int64_t tap = 0; tap < 9; ++tap) {
          const std::int64_t v = y + tap / 3 - 1;
          const std::int64_t u = x + tap % 3 - 1;
          if (v < 0 || u < 0 || v >= c.out_height || u >= c.out_width) continue;
          for (std::int64_t i = 0; i < c.channels; ++i) {
            sum += up[static_cast<std::size_t>((v * c.out_width + u) * c.channels + i)] *
                   double{w3[static_cast<std::size_t>((m * 9 + tap) * c.channels + i)]};
          }
        }
        for (std::int64_t o = 0; o < c.outputs; ++o) {
          out[static_cast<std::size_t>((o * c.out_height + y) * c.out_width + x)] +=
              std::max(sum, 0.0) * double{w1[static_cast<std::size_t>(o * kTailChannels + m)]};
        }
      }
    }
  }
  return out;
}

/// Winograd's convolutions of a build, float32 or with 16-bit codes.
class Convolutions : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string build = GetParam();
    codes_ = build.starts_with("int16");
    const Kernels* const floats = build == "avx512_tiles" ? &tiles_of_avx512::table()
                                  : build == "neon_tiles" ? &tiles_of_neon::table()
                                                          : kernels_named(build.c_str());
    kernels_ = build == "int16"                ? int16_convolutions()
               : build == "int16_avx512_tiles" ? &int16_of_avx512::int16_convolutions_table()
               : floats != nullptr             ? &floats->convolution
                                               : nullptr;
    if (kernels_ == nullptr) GTEST_SKIP() << "there is no build of the kernels for this processor";
  }

  std::vector<float> packed(const std::vector<float>& weights, std::int64_t in, std::int64_t out) const {
    std::vector<float> result = unwritten(kernels_->packed_floats(in, out));
    for (std::int64_t panel = 0; panel * kernels_->panel < out; ++panel)
      kernels_->pack(weights.data(), in, out, panel, result.data());
    return result;
  }

  const ConvolutionKernels* kernels_ = nullptr;
  bool codes_ = false;
};

TEST_P(Convolutions, DepthTailEqualsItsFourSteps) {
  const std::vector<TailCase> cases{{1, 1, 16, 1, 1, 1, false},    {5, 3, 16, 9, 5, 2, true},
                                    {8, 8, 32, 14, 14, 2, true},   {9, 40, 32, 17, 70, 1, false},
                                    {12, 33, 64, 21, 63, 2, true}, {7, 16, 128, 13, 29, 1, true}};
  for (const TailCase& c : cases) {
    const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    const auto input = random_values(size(c.in_height * c.in_width * c.channels), 1, 1);
    const auto w3 = random_values(size(kTailChannels * c.channels * 9), 0.1F, 2);
    const auto b3 = random_values(size(kTailChannels), 1, 3);
    const auto map = random_values(size(3 * (c.out_height + c.out_width) * kTailChannels), 1, 4);
    const auto w1 = random_values(size(c.outputs * kTailChannels), 0.2F, 5);
    const auto b1 = random_values(size(c.outputs), 1, 6);
    const std::vector<float> weights3 = packed(w3, c.channels, kTailChannels);
    std::vector<float> out(size(c.outputs * c.out_height * c.out_width), -99.0F);
    std::vector<float> scratch = unwritten(kernels_->tail_scratch_floats(c.channels));
    const DepthTail tail{.source = {.input = input.data(),
                                    .in_height = c.in_height,
                                    .in_width = c.in_width,
                                    .channels = c.channels,
                                    .out_height = c.out_height,
                                    .out_width = c.out_width},
                         .weights3 = weights3.data(),
                         .bias3 = b3.data(),
                         .map = c.with_map ? map.data() : nullptr,
                         .weights1 = w1.data(),
                         .bias1 = b1.data(),
                         .num_outputs = c.outputs,
                         .out = out.data()};
    const ExpectsWrittenMemory check;
    for (std::int64_t y = 0; y < c.out_height; y += kernels_->tile_rows) {
      for (std::int64_t x = 0; x < c.out_width; x += kernels_->tail_tile_columns(c.channels)) {
        kernels_->depth_tail(tail, y, x, scratch.data());
      }
    }
    const auto expected = depth_tail(c, input, w3, b3, map, w1, b1);
    for (std::size_t i = 0; i < out.size(); ++i) {
      // 9 * 128 products of float32 around 0.1, then 32 around 0.5: rounding of 2e-5 at the most. Codes have 10
      // bits after the transforms.
      const double share = codes_ ? 2e-2 : 4e-5;
      ASSERT_NEAR(out[i], expected[i], share * std::max(1.0, std::abs(expected[i])))
          << c.channels << " channels, value " << i;
    }
  }
}

struct ConvolutionCase {
  std::int64_t height, width, in, out;
  bool relu, bias, residual;
};

/// One output of a 3x3 convolution in double; the caller adds bias and residual.
double convolution_at(const ConvolutionCase& c, const std::vector<float>& input,
                      const std::vector<float>& weights, std::int64_t y, std::int64_t x, std::int64_t o) {
  double sum = 0;
  for (std::int64_t tap = 0; tap < 9; ++tap) {
    const std::int64_t v = y + tap / 3 - 1;
    const std::int64_t u = x + tap % 3 - 1;
    if (v < 0 || u < 0 || v >= c.height || u >= c.width) continue;
    for (std::int64_t i = 0; i < c.in; ++i) {
      const double value = double{input[static_cast<std::size_t>((v * c.width + u) * c.in + i)]};
      sum += (c.relu ? std::max(value, 0.0) : value) *
             double{weights[static_cast<std::size_t>((o * 9 + tap) * c.in + i)]};
    }
  }
  return sum;
}

TEST_P(Convolutions, WinogradEqualsTheConvolution) {
  // Maps that end within a tile, more tiles than a block has, and channels that fill no panel.
  const std::vector<ConvolutionCase> cases{
      {1, 1, 16, 16, false, false, false},  {4, 4, 32, 16, true, true, false},
      {5, 7, 16, 48, true, true, true},     {9, 30, 64, 32, false, true, true},
      {30, 33, 16, 16, true, false, false}, {6, 13, 512, 32, false, true, false}};
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  for (const ConvolutionCase& c : cases) {
    const auto input = random_values(size(c.height * c.width * c.in), 1, 1);
    const auto weights =
        random_values(size(c.out * 9 * c.in), 1 / std::sqrt(9.0F * static_cast<float>(c.in)), 2);
    const auto bias = random_values(size(c.out), 1, 3);
    const auto residual = random_values(size(c.height * c.width * c.out), 1, 4);
    const std::vector<float> transformed = packed(weights, c.in, c.out);
    std::vector<float> out(residual.size(), -99.0F);
    const Convolution convolution{.input = input.data(),
                                  .height = c.height,
                                  .width = c.width,
                                  .in_channels = c.in,
                                  .out_channels = c.out,
                                  .relu = c.relu,
                                  .weights = transformed.data(),
                                  .bias = c.bias ? bias.data() : nullptr,
                                  .residual = c.residual ? residual.data() : nullptr,
                                  .out = out.data()};
    std::vector<float> scratch = unwritten(kernels_->scratch_floats(convolution));
    const std::int64_t tiles = (c.height + 3) / 4 * ((c.width + 3) / 4);
    const std::int64_t middle = std::min(tiles, kernels_->group);
    const ExpectsWrittenMemory check;
    kernels_->convolve(convolution, 0, middle, scratch.data());
    kernels_->convolve(convolution, middle, tiles, scratch.data());
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      double expected =
          convolution_at(c, input, weights, at / c.out / c.width, at / c.out % c.width, at % c.out);
      if (c.bias) expected += double{bias[i % bias.size()]};
      if (c.residual) expected += double{residual[i]};
      // Sums of size 1. The transforms lose about five bits against the direct form, more with many channels.
      ASSERT_NEAR(out[i], expected, codes_ ? 3e-2 : 1e-4)
          << c.height << "x" << c.width << ", " << c.in << " to " << c.out << ", value " << i;
    }
  }
}

TEST_P(Convolutions, OfUpsampledImagesEqualBothSteps) {
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  // One pixel, more than a tile, an image that becomes smaller.
  for (const auto& [in_height, in_width, channels, height, width, outputs] :
       {std::tuple{1, 1, 16, 1, 1, 16}, std::tuple{11, 37, 32, 21, 73, 48}, std::tuple{12, 30, 16, 9, 14, 16}}) {
    const auto input = random_values(size(in_height * in_width * channels), 1, 1);
    const auto weights = random_values(size(outputs * 9 * channels), 0.1F, 2);
    const auto bias = random_values(size(outputs), 1, 3);
    std::vector<float> up(size(height * width * channels));
    for (std::int64_t y = 0; y < height; ++y) {
      const double sy = height > 1 ? double(y) * (in_height - 1) / (height - 1) : 0;
      const auto y0 = static_cast<std::int64_t>(sy);
      const auto y1 = std::min<std::int64_t>(y0 + 1, in_height - 1);
      for (std::int64_t x = 0; x < width; ++x) {
        const double sx = width > 1 ? double(x) * (in_width - 1) / (width - 1) : 0;
        const auto x0 = static_cast<std::int64_t>(sx);
        const auto x1 = std::min<std::int64_t>(x0 + 1, in_width - 1);
        for (std::int64_t i = 0; i < channels; ++i) {
          const auto at = [&](std::int64_t v, std::int64_t u) {
            return double{input[size((v * in_width + u) * channels + i)]};
          };
          const double fy = sy - double(y0);
          const double fx = sx - double(x0);
          up[size((y * width + x) * channels + i)] =
              static_cast<float>((1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x1)) +
                                 fy * ((1 - fx) * at(y1, x0) + fx * at(y1, x1)));
        }
      }
    }
    const std::vector<float> transformed = packed(weights, channels, outputs);
    std::vector<float> out(size(height * width * outputs), -99.0F);
    std::vector<float> scratch = unwritten(kernels_->upsampled_scratch_floats(channels, outputs));
    const UpsampledConvolution convolution{.source = {.input = input.data(),
                                                      .in_height = in_height,
                                                      .in_width = in_width,
                                                      .channels = channels,
                                                      .out_height = height,
                                                      .out_width = width},
                                           .out_channels = outputs,
                                           .weights = transformed.data(),
                                           .bias = bias.data(),
                                           .out = out.data()};
    const ExpectsWrittenMemory check;
    for (std::int64_t y = 0; y < height; y += kernels_->tile_rows) {
      for (std::int64_t x = 0; x < width; x += kernels_->tile_columns)
        kernels_->convolve_upsampled(convolution, y, x, scratch.data());
    }
    const ConvolutionCase c{height, width, channels, outputs, false, true, false};
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const double expected =
          convolution_at(c, up, weights, at / outputs / width, at / outputs % width, at % outputs) +
          double{bias[i % bias.size()]};
      ASSERT_NEAR(out[i], expected, codes_ ? 3e-2 : 1e-4) << height << "x" << width << ", value " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Builds, Convolutions,
                         ::testing::Values("avx2", "avx512", "neon", "avx512_tiles", "neon_tiles", "int16",
                                           "int16_avx512_tiles"),
                         [](const auto& build) { return std::string(build.param); });

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
