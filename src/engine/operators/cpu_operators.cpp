// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include <ATen/Config.h>
#include <ATen/Context.h>

#include <core/text.hpp>
#include <engine/kernels/kernels.hpp>
#include <engine/network/block_products.hpp>
#include <engine/operators/cpu_operators.hpp>
#include <engine/operators/onednn_linear.hpp>
#include <engine/operators/own_convolution.hpp>
#include <engine/operators/own_operators.hpp>

namespace da3::engine {
namespace {

using Facts = CpuOperatorFacts;

/// A way to compute a part of the networks, where it is taken, what is called and why (docs/lab has
/// the figures).
struct Rule {
  const char* part;
  bool (*precision)(Precision);  ///< In which the part is computed so
  bool (*holds)(const Facts&);
  void (*apply)(Lowering&);  ///< Null: as a Lowering is made
  const char* operators;
  const char* reason;
};

bool any(Precision /*precision*/) {
  return true;
}

bool bf16(Precision precision) {
  return precision == Precision::kBf16;
}

bool int8(Precision precision) {
  return precision == Precision::kInt8;
}

bool always(const Facts& /*facts*/) {
  return true;
}

bool own_kernels(const Facts& facts) {
  return !facts.kernels.empty();
}

bool mkl_at_home(const Facts& facts) {
  return facts.blas == "mkl" && facts.cpu.vendor == "GenuineIntel";
}

bool onednn_is_faster(const Facts& facts) {
  return facts.onednn && facts.cpu.avx512f && !mkl_at_home(facts);
}

/// Where the own kernels' vectors are as wide as the processor's and BLAS is not at home.
bool own_products_are_faster(const Facts& facts) {
  return facts.kernels == "avx512" && !mkl_at_home(facts);
}

bool sums_of_8_bits_fit(const Facts& facts) {
  return facts.int8_engine == "onednn" && (facts.cpu.avx512_vnni || facts.cpu.avx_vnni);
}

void use_own_kernels(Lowering& lowering) {
  lowering.own_kernels = true;
}

void use_own_products(Lowering& lowering) {
  lowering.own_products = true;
}

void use_onednn(Lowering& lowering) {
  lowering.onednn_products = true;
}

bool own_int8_products(const Facts& facts) {
  return !facts.int8_products.empty();
}

bool bf16_attention(const Facts& facts) {
  return own_kernels(facts) && facts.bf16_attention;
}

bool own_codes(const Facts& facts) {
  return own_products_are_faster(facts) && !facts.int16_products.empty();
}

void use_bf16_attention(Lowering& lowering) {
  lowering.bf16_attention = true;
}

bool int8_attention(const Facts& facts) {
  return own_kernels(facts) && facts.int8_attention;
}

void use_int8_attention(Lowering& lowering) {
  lowering.int8_attention = true;
}

void use_bf16(Lowering& lowering) {
  lowering.block_products = BlockProducts::kBf16;
}

void use_own_bf16(Lowering& lowering) {
  use_bf16(lowering);
  lowering.own_low_products = true;
}

void use_7_bits(Lowering& lowering) {
  lowering.block_products = BlockProducts::kInt8;
}

void use_8_bits(Lowering& lowering) {
  use_7_bits(lowering);
  lowering.full_int8_range = true;
}

constexpr const char* kFp32Products = "matrix products, cpu, fp32";
constexpr const char* kBf16Products = "linear layers of the blocks, cpu, bf16";
constexpr const char* kInt8Products = "linear layers of the blocks, cpu, int8";
constexpr const char* kBf16Attention = "attention core, cpu, bf16";
constexpr const char* kInt8Attention = "attention core, cpu, int8";
constexpr const char* kNoBf16Attention = "da3 has no attention with bfloat16 factors for this processor";
constexpr const char* kCodedAttention =
    "queries, keys, values and exponentials are rounded to 8 bits, with scales for rows, features and blocks "
    "of keys: only when named";
constexpr const char* kBf16Ends = "patches and head: dense layers and 3x3 convolutions, cpu, bf16";
constexpr const char* kInt8Ends = "patches and head: dense layers and 3x3 convolutions, cpu, int8";
constexpr const char* kNoCodes = "da3 has no 16-bit products for this processor";
constexpr const char* kOwnInt8 =
    "VNNI adds 8-bit products in 32 bits; a scale and a zero for each row of inputs: only when named";

// Of each part the first rule that holds is taken.
constexpr Rule kRules[] = {
    {kFp32Products, any, own_products_are_faster, use_own_products, "da3::linear",
     "weights are transposed a panel at a time into the second-level cache, GELU and residual on the way"},
    {kFp32Products, any, onednn_is_faster, use_onednn, "mkldnn::_linear_pointwise (oneDNN)",
     "BLAS does not use this processor's AVX-512 as oneDNN does; MKL takes its AVX2 code on AMD's"},
    {kFp32Products, any, always, nullptr, "linear, addmm_ (BLAS)",
     "oneDNN, packed weights and an own product were no faster where it was measured"},
    {kBf16Products, bf16, [](const Facts& facts) { return !facts.bf16_products.empty(); }, use_own_bf16,
     "da3::product, bfloat16",
     "inputs and weights are rounded, sums and all else stay fp32; weights are packed once: only when named"},
    {kBf16Products, bf16, [](const Facts& facts) { return facts.cpu.fast_bf16(); }, use_bf16,
     "linear on bfloat16 (oneDNN)", "inputs and weights are rounded, all else stays fp32: only when named"},
    {kBf16Products, bf16, always, use_bf16, "none", "this processor has no bfloat16 products"},
    // Layers that da3's products do not take are LibTorch's, in 8 bits or in 7.
    {kInt8Products, int8,
     [](const Facts& facts) { return own_int8_products(facts) && sums_of_8_bits_fit(facts); },
     [](Lowering& lowering) {
       use_8_bits(lowering);
       lowering.own_low_products = true;
     },
     "da3::product, 8-bit inputs", kOwnInt8},
    {kInt8Products, int8, own_int8_products,
     [](Lowering& lowering) {
       use_7_bits(lowering);
       lowering.own_low_products = true;
     },
     "da3::product, 8-bit inputs", kOwnInt8},
    {kInt8Products, int8, sums_of_8_bits_fit, use_8_bits, "linear_dynamic, 8-bit inputs",
     "VNNI adds 8-bit products in 32 bits: only when named"},
    {kInt8Products, int8, [](const Facts& facts) { return !facts.int8_engine.empty(); }, use_7_bits,
     "linear_dynamic, 7-bit inputs", "sums of two 8-bit products saturate without VNNI: only when named"},
    {kInt8Products, int8, always, use_7_bits, "none",
     "this LibTorch has no engine for 8-bit products on this processor"},
    {"attention core, cpu", any, own_kernels, use_own_kernels, "da3::attention",
     "queries, keys and softmax of a block stay in the second-level cache"},
    {"attention core, cpu", any, always, nullptr, "scaled_dot_product_attention", ""},
    {kBf16Attention, bf16, bf16_attention, use_bf16_attention, "da3::attention_bf16 (avx512_bf16)",
     "queries, keys, values and exponentials are rounded, sums stay fp32: only when such a precision is "
     "named"},
    {kBf16Attention, bf16, always, nullptr, "as for fp32", kNoBf16Attention},
    {kInt8Attention, int8, [](const Facts& facts) { return int8_attention(facts) && bf16_attention(facts); },
     [](Lowering& lowering) {
       use_int8_attention(lowering);
       use_bf16_attention(lowering);  // Where the heads' size does not suit 8 bits
     },
     "da3::attention_int8", kCodedAttention},
    {kInt8Attention, int8, int8_attention, use_int8_attention, "da3::attention_int8", kCodedAttention},
    {kInt8Attention, int8, always, nullptr, "as for fp32",
     "da3 has no attention with 8-bit factors for this processor"},
    {kBf16Ends, bf16, own_codes, [](Lowering& lowering) { lowering.int16_ends = true; },
     "da3::patch_tokens, da3::product, da3::low_conv3, da3::conv3, 16 bits",
     "inputs and weights are rounded to 16-bit codes, about as exact as TF32: only when named"},
    {kBf16Ends, bf16, always, nullptr, "as for fp32", kNoCodes},
    {kInt8Ends, int8, own_codes, [](Lowering& lowering) { lowering.int16_ends = lowering.int8_head = true; },
     "da3::product, da3::low_conv3, 8 bits; da3::patch_tokens, da3::conv3, 16 bits",
     "inputs and weights are rounded, those of patches and Winograd's convolutions to 16-bit codes: only "
     "when named"},
    {kInt8Ends, int8, always, nullptr, "as for fp32", kNoCodes},
    {"q/k norm and rotary embedding, cpu", any, own_kernels, use_own_kernels, "da3::norm_rotate_",
     "one pass over the joint product, which brings the bias along"},
    {"q/k norm and rotary embedding, cpu", any, always, nullptr, "layer_norm, flip, mul, addcmul_", ""},
    {"gelu, cpu", any, own_kernels, use_own_kernels, "da3::gelu_",
     "vectorised erf, with the bias of the layer before"},
    {"gelu, cpu", any, always, nullptr, "gelu_", ""},
    {"3x3 convolutions from 40 tiles of 4x4 on, cpu", any, own_kernels, use_own_kernels,
     "da3::conv3, Winograd F(4x4, 3x3)", "a quarter of the products; ReLU and residual on the way"},
    {"3x3 convolutions from 40 tiles of 4x4 on, cpu", any, always, nullptr, "conv2d, channels_last", ""},
    {"3x3 convolutions on smaller maps, cpu", any, always, nullptr, "conv2d, channels_last",
     "too few tiles for the transformed weights"},
    {"last stage, cpu", any, own_kernels, use_own_kernels, "da3::depth_tail, Winograd F(4x4, 3x3)",
     "in tiles, the upsampled map never exists"},
    {"last stage, cpu", any, always, nullptr, "upsample_bilinear2d, conv2d, conv2d", ""},
};

// The table's text says it too.
static_assert(kFewestWinogradTiles == 40);

/// Calls `take` with the rule of each part that is taken.
template <typename Take>
void for_each_part(const Facts& facts, Take&& take) {
  std::string_view done;
  for (const Rule& rule : kRules) {
    if (rule.part == done || !rule.holds(facts)) continue;
    done = rule.part;
    take(rule);
  }
}

std::string engine_name(at::QEngine engine) {
  return core::lower_case(toString(engine));
}

}  // namespace

CpuOperatorFacts cpu_operator_facts() {
  CpuOperatorFacts facts;
  facts.cpu = core::processor();
  if (own_operators_available()) facts.kernels = kernels::kernels()->name;
  facts.bf16_attention = bf16_attention_available();
  facts.int8_attention = int8_attention_available();
  if (const auto* products = kernels::bf16_products()) facts.bf16_products = products->name;
  if (const auto* products = kernels::int8_products()) facts.int8_products = products->name;
  if (const auto* products = kernels::int16_products()) facts.int16_products = products->name;
  facts.blas = at::hasMKL() ? "mkl" : "libtorch's blas";
  facts.onednn = onednn_available();
  if (const auto engine = int8_engine()) facts.int8_engine = engine_name(*engine);
  return facts;
}

Lowering cpu_lowering(const CpuOperatorFacts& facts, Precision precision) {
  Lowering lowering;
  for_each_part(facts, [&](const Rule& rule) {
    if (rule.apply != nullptr && rule.precision(precision)) rule.apply(lowering);
  });
  return lowering;
}

std::vector<OperatorChoice> cpu_operators(const CpuOperatorFacts& facts) {
  std::vector<OperatorChoice> table;
  for_each_part(facts, [&](const Rule& rule) {
    std::string choice = rule.operators;
    if (rule.apply == use_own_kernels || rule.apply == use_own_products) choice += " (" + facts.kernels + ")";
    const bool spare = std::string_view(rule.reason).empty();
    table.push_back({rule.part, choice, spare ? "da3 has no kernels for this processor" : rule.reason});
  });
  return table;
}

}  // namespace da3::engine
