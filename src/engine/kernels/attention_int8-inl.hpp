// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/attention-inl.hpp>
#include <engine/kernels/code_exponentials-inl.hpp>
#include <engine/kernels/int8-inl.hpp>

// Attention of one head with 8-bit codes, four a word, and exact sums of their products. Queries and keys
// have a scale for each row, values a scale and a middle for each feature. Exponentials are rounded against
// the largest of their row within a block of keys, not within the whole row: a key that takes most of a row
// makes coarse only what stands next to it.
//
// Packed keys: panels (words, kPanel), then what a code of each key stands for, then where its sums begin,
// which takes the queries' zero out of them, then 0, not a number if any key is none or infinite. Packed
// values: panels (keys / 4, kPanel), then the scale of each feature, then its middle.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

constexpr Index kCodes = 4;  // in a word
constexpr Index kCodeGroup = kCodes * kWidth;
constexpr Index kMostHeadDim = 256;
constexpr float kLargestByte = 127.0F;
constexpr std::int32_t kQueryZero = 128;  // the code of 0: queries are unsigned, keys are not
static_assert(kCodedKeys % kCodeGroup == 0 && kCodeGroup % kPanel == 0 && kRows <= kWidth);

// Of keys behind the last: below every score, whatever the query's scale.
constexpr std::int32_t kNoKeyStart = -(1 << 30);
constexpr float kNoKeyScale = 1e25F;
constexpr float kLeastLargest = 1e-20F;  // of a row; smaller ones have codes of 0

/// Codes of a row, a multiple of kCodeGroup, in the order of Int8Factors::place; what a code of 1 stands for,
/// not a number if any of the row is none or infinite.
template <bool kSigned>
inline float put_codes(const float* x, Index head_dim, Word* to) {
  constexpr float kZero = kSigned ? 0 : kQueryZero;
  Vec most{};
  Vec none{};
  for (Index d = 0; d < head_dim; d += kWidth) {
    const Vec value = load(x + d);
    most = max(most, max(value, -value));
    none += 0.0F * value;
  }
  const float largest = folded(most, [](Vec a, Vec b) { return max(a, b); });
  const float codes = largest > kLeastLargest ? kLargestByte / largest : 0.0F;
  for (Index d = 0; d < head_dim; d += kCodeGroup) {
    IVec group[4];
    for (Index v = 0; v < 4; ++v)
      group[v] = codes_of(load(x + d + v * kWidth) * codes + (kToInteger + kZero));
    store_words(to + d / kCodes, Int8Factors::bytes_of<kSigned>(group));
  }
  return (largest > kLeastLargest ? largest : kLeastLargest) * (1.0F / kLargestByte) + folded_sum(none);
}

inline Index packed_codes(Index num_keys, Index head_dim) {
  const Index padded = round_up(num_keys, kCodeGroup);
  return padded * (head_dim / kCodes + 2) + 2 * head_dim + 1;
}

inline void pack_coded_keys(const float* keys, Index stride, Index num_keys, Index head_dim, float* packed) {
  const Index padded = round_up(num_keys, kCodeGroup);
  const Index depth = head_dim / kCodes;
  float* const scales = packed + padded * depth;
  float none = 0;
  for (Index first = 0; first < padded; first += kWidth) {
    Word words[kWidth][kMostHeadDim / kCodes];
    for (Index i = 0; i < kWidth; ++i) {
      scales[first + i] = kNoKeyScale;
      if (first + i >= num_keys) continue;
      scales[first + i] = put_codes<true>(keys + (first + i) * stride, head_dim, words[i]);
      none += 0.0F * scales[first + i];
    }
    float* const panel = packed + first / kPanel * kPanel * depth + first % kPanel;
    IVec sums{};
    for (Index word = 0; word < depth; word += kWidth) {
      Vec rows[kWidth];
      for (Index i = 0; i < kWidth; ++i)
        rows[i] = first + i < num_keys ? (Vec)load_words(words[i] + word) : Vec{};
      transpose_by_blocks<int{kWidth / 2}>(rows);
      for (Index i = 0; i < kWidth; ++i) {
        store(panel + (word + i) * kPanel, rows[i]);
        sums += Int8Factors::sums_of((Words)rows[i]);
      }
    }
    for (Index i = 0; i < kWidth; ++i) sums[i] = first + i < num_keys ? -kQueryZero * sums[i] : kNoKeyStart;
    store(scales + padded + first, (Vec)sums);
  }
  scales[2 * padded] = none;
}

inline void pack_coded_values(const float* values, Index stride, Index num_keys, Index head_dim,
                              float* packed) {
  const Index padded = round_up(num_keys, kCodeGroup);
  float* const scales = packed + padded * head_dim / kCodes;
  for (Index d = 0; d < head_dim; d += kWidth) {
    Vec low = load(values + d);
    Vec high = low;
    Vec none{};
    for (Index key = 0; key < num_keys; ++key) {
      const Vec value = load(values + key * stride + d);
      low = min(low, value);
      high = max(high, value);
      none += 0.0F * value;
    }
    const Vec middle = low * 0.5F + high * 0.5F;
    const Vec step = (high - middle) * (1.0F / kLargestByte);
    const Vec codes = step > kSmallestScale ? 1.0F / step : Vec{};
    store(scales + d, step);
    store(scales + head_dim + d, middle + none);
    Word* const panel = reinterpret_cast<Word*>(packed) + d / kPanel * kPanel * padded / kCodes + d % kPanel;
    for (Index key = 0; key < padded; key += kCodes) {
      Words word{};
      for (Index i = 0; i < kCodes && key + i < num_keys; ++i) {
        const Vec code = (load(values + (key + i) * stride + d) - middle) * codes + kToInteger;
        word |= ((Words)code & 0xFF) << (8 * i);
      }
      store_words(panel + Int8Factors::place(key, padded) / kCodes * kPanel, word);
    }
  }
}

/// What the rows of a block of queries have come to, and room for one tile of them.
struct CodedBlock {
  Word* queries;       // (kQueryBlock, head_dim / 4)
  float* scales;       // (kQueryBlock) of a score that is a product of codes and the key's scale
  float* accumulated;  // (kQueryBlock, head_dim)
  float* maximum;      // (kQueryBlock) of the scores so far
  float* sum;          // (kQueryBlock, kWidth) of the exponentials, against that maximum
  float* scores;       // (kRows, kCodedKeys)
  float* most;         // (kRows, kWidth): of each lane
  Word* exponentials;  // (kRows, kCodedKeys / 4)
};

/// A number for each row of a block; those of its last tile are read as one vector.
constexpr Index kRowRoom = kQueryBlock + 2 * kWidth;

inline Index coded_scratch_floats(Index head_dim) {
  return kQueryBlock * (head_dim / kCodes + head_dim) + 2 * kRowRoom + kQueryBlock * kWidth +
         kRows * (kCodedKeys + kWidth + kCodedKeys / kCodes);
}

inline CodedBlock coded_block(Index head_dim, float* scratch) {
  CodedBlock block{};
  block.queries = reinterpret_cast<Word*>(scratch);
  block.accumulated = scratch + kQueryBlock * head_dim / kCodes;
  block.scales = block.accumulated + kQueryBlock * head_dim;
  block.maximum = block.scales + kRowRoom;
  block.sum = block.maximum + kRowRoom;
  block.scores = block.sum + kQueryBlock * kWidth;
  block.most = block.scores + kRows * kCodedKeys;
  block.exponentials = reinterpret_cast<Word*>(block.most + kRows * kWidth);
  return block;
}

/// Of add_product over words of codes.
struct CodeStep {
  static Vec add(Vec sum, const Word* a, Vec b) { return Int8Factors::add(sum, *a, b); }
};

/// Sums of products of codes: kRows rows of `a` with a panel of `b`.
__attribute__((always_inline)) inline void multiply_codes(const Word* a, Index a_stride, const float* b,
                                                          Index depth, Vec (&sum)[kRows][kVectors]) {
  add_product<CodeStep>(a, a_stride, b, depth, sum);
#pragma GCC unroll 16
  for (Index r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v) keep_in_register(sum[r][v]);
  }
}

/// Scores of a tile's rows and a panel of keys but for the rows' scales, and the largest of each lane.
// Not inlined: next to other code its accumulators do not all stay in registers.
__attribute__((noinline)) void put_coded_scores(const Word* queries, Index depth, const float* keys,
                                                const float* scales, const float* starts, float* to,
                                                float* most) {
  Vec score[kRows][kVectors];
#pragma GCC unroll 16
  for (Index r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v) score[r][v] = load(starts + v * kWidth);
  }
  multiply_codes(queries, depth, keys, depth, score);
#pragma GCC unroll 16
  for (Index r = 0; r < kRows; ++r) {
    Vec highest = load(most + r * kWidth);
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v) {
      const Vec plain = __builtin_convertvector((IVec)score[r][v], Vec) * load(scales + v * kWidth);
      store(to + r * kCodedKeys + v * kWidth, plain);
      highest = max(highest, plain);
    }
    store(most + r * kWidth, highest);
  }
}

/// Scores of a panel of which no key is one.
inline void put_no_scores(float* to) {
  for (Index r = 0; r < kRows; ++r) {
    for (Index v = 0; v < kVectors; ++v)
      store(to + r * kCodedKeys + v * kWidth, splat(kNoKeyStart * kNoKeyScale));
  }
}

/// A row's exponentials as codes, `largest` being its largest score; their sums by lanes. What rounding takes
/// from some it gives to others, even where all are alike and far below one code. The largest is subtracted
/// first: its own exponent is then 0, however large the scores are.
inline Vec put_coded_exponentials(const float* scores, Index count, float scale, float largest, Word* to) {
  const float unit = scale * kExponentUnit;
  IVec sum{};
  for (Index i = 0; i < count; i += kCodeGroup) {
    Vec exponents[4];
    for (Index v = 0; v < 4; ++v)
      exponents[v] = (load(scores + i + v * kWidth) - largest) * unit + kLargestCodeExponent;
    store_words(to + i / kCodes, code_exponentials(exponents, kSpread.of_key + i, sum));
  }
  return __builtin_convertvector(sum, Vec);
}

/// accumulated = accumulated decay + the products of exponentials and a panel of values, times factor.
__attribute__((noinline)) void add_coded_values(const Word* exponentials, const float* values, Index depth,
                                                const float* decay, const float* factor, float* accumulated,
                                                Index stride) {
  Vec sum[kRows][kVectors] = {};
  multiply_codes(exponentials, kCodedKeys / kCodes, values, depth, sum);
#pragma GCC unroll 16
  for (Index r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v) {
      float* const at = accumulated + r * stride + v * kWidth;
      store(at, load(at) * decay[r] + __builtin_convertvector((IVec)sum[r][v], Vec) * factor[r]);
    }
  }
}

/// A block of keys for kRows rows of the queries, with a running maximum (Milakov and Gimelshein 2018).
inline void attend_codes(const AttentionHead& head, const CodedBlock& block, Index row, Index first_key) {
  const Index dim = head.head_dim;
  const Index depth = dim / kCodes;
  const Index all_padded = round_up(head.num_keys, kCodeGroup);
  const Index padded = least(kCodedKeys, all_padded - first_key);
  const float* const key_scales = head.keys + all_padded * depth;
  for (Index r = 0; r < kRows; ++r) store(block.most + r * kWidth, splat(-3.0e38F));
  for (Index panel = 0; panel < padded; panel += kPanel) {
    const Index key = first_key + panel;
    if (key >= head.num_keys) {
      put_no_scores(block.scores + panel);
      continue;
    }
    put_coded_scores(block.queries + row * depth, depth, head.keys + key * depth, key_scales + key,
                     key_scales + all_padded + key, block.scores + panel, block.most);
  }
  float largest[kWidth] = {};
  float here[kWidth] = {};
  for (Index r = 0; r < kRows; ++r) {
    const Vec most = load(block.most + r * kWidth);
    largest[r] = folded(most, [](Vec a, Vec b) { return max(a, b); });
    here[r] = largest[r] * block.scales[row + r];
  }
  const Vec before = load(block.maximum + row);
  const Vec maximum = max(before, load(here));
  float decay[kWidth];
  float factor[kWidth];
  store(decay, power_of_two_nonpositive(before - maximum));
  store(factor, power_of_two_nonpositive(load(here) - maximum));
  for (Index r = 0; r < kRows; ++r) {
    block.maximum[row + r] = maximum[r];
    const Vec sums = put_coded_exponentials(block.scores + r * kCodedKeys, padded, block.scales[row + r],
                                            largest[r], block.exponentials + r * (kCodedKeys / kCodes));
    float* const sum = block.sum + (row + r) * kWidth;
    store(sum, load(sum) * decay[r] + sums * factor[r]);
  }
  for (Index d = 0; d < dim; d += kPanel) {
    const float* const values = head.values + (d * all_padded + first_key * kPanel) / kCodes;
    add_coded_values(block.exponentials, values, padded / kCodes, decay, factor,
                     block.accumulated + row * dim + d, dim);
  }
}

inline void attention_of_codes(const AttentionHead& head, Index begin, Index end, float* scratch) {
  const Index dim = head.head_dim;
  const Index depth = dim / kCodes;
  const Index all_padded = round_up(head.num_keys, kCodeGroup);
  const CodedBlock block = coded_block(dim, scratch);
  const float none = head.keys[all_padded * (depth + 2)];
  const float* const value_scales = head.values + all_padded * dim / kCodes;
  for (Index first = begin; first < end; first += kQueryBlock) {
    const Index count = least(kQueryBlock, end - first);
    const Index rows = round_up(count, kRows);
    for (Index r = 0; r < kQueryBlock + kWidth; r += kWidth) store(block.maximum + r, splat(-3.0e38F));
    for (Index r = 0; r < rows; ++r) {
      // Rows that fill the last tile repeat one, so that they hold numbers.
      const float* const q = head.q + (first + least(r, count - 1)) * head.q_stride;
      block.scales[r] = put_codes<false>(q, dim, block.queries + r * depth) * head.scale * kLog2E;
      store(block.sum + r * kWidth, Vec{});
      for (Index d = 0; d < dim; d += kWidth) store(block.accumulated + r * dim + d, Vec{});
    }
    for (Index key = 0; key < head.num_keys; key += kCodedKeys) {
      for (Index r = 0; r < rows; r += kRows) attend_codes(head, block, r, key);
    }
    for (Index r = 0; r < count; ++r) {
      const float norm = 1.0F / folded_sum(load(block.sum + r * kWidth)) + 0.0F * block.scales[r] + none;
      float* const out = head.out + (first + r) * head.out_stride;
      for (Index d = 0; d < dim; d += kWidth) {
        const Vec sum = load(block.accumulated + r * dim + d) * norm;
        store(out + d, sum * load(value_scales + d) + load(value_scales + dim + d));
      }
    }
  }
}

constexpr AttentionKernels coded_attention_kernels() {
  return {.query_block = kQueryBlock,
          .packed_floats = packed_codes,
          .pack_keys = pack_coded_keys,
          .pack_values = pack_coded_values,
          .scratch_floats = coded_scratch_floats,
          .attend = attention_of_codes};
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
