// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/kernels.hpp>
#include <engine/kernels/transpose-inl.hpp>
#include <engine/kernels/vectors-inl.hpp>

// Attention of one head, whatever its products' factors are. Those are said by a type:
//   kPerFloat: factors in the room of one float32, adjacent ones along the sum of a product
//   Step: of multiply_tile, over so many factors
//   pack_keys, pack_values: keys as panels (head_dim, kPanel), values as panels (keys, kPanel)
//   put_queries(q, head_dim, scale, row): a row of scaled queries as factors
//   exponentials(row, count, padded, maximum): 2^(row - maximum) as factors in the row's place, zero from
//     `count` on up to `padded`; their sum
//   power_of_two(x), -kBounded <= x <= kBounded, to the exactness of the factors
//   put_exponentials(e, to, sums): a panel's exponentials of a row as factors; adds them to the row's sums
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

constexpr Index kQueryBlock = 4 * kRows;
constexpr float kLog2E = 1.44269504088896341F;  // scores are powers of two, which costs the queries nothing
constexpr Index kKeyBlock = 768;  // keys and values of a block stay in a 512 KiB second-level cache

/// Exponents of two within which nothing overflows or vanishes, whatever is subtracted from them.
constexpr float kBounded = 60;
constexpr Index kBoundedKeyBlock = 384;  // a register tile's exponentials stay in the first-level cache

/// 2^x for x <= kBounded within 8e-5 of itself, for what is rounded to 8 bits; next to nothing below
/// -kBounded.
inline Vec rough_power_of_two(Vec x) {
#ifdef __AVX512DQ__
  const Vec r = (Vec)_mm512_reduce_ps((__m512)x, _MM_FROUND_TO_NEG_INF);  // x - floor(x)
  Vec p = splat(0.0780243829F);
  p = p * r + 0.226067364F;
  p = p * r + 0.695833445F;
  p = p * r + 0.99992522F;
  return (Vec)_mm512_scalef_ps((__m512)p, (__m512)x);  // p 2^floor(x)
#else
  x = max(x, splat(-kBounded));
  const Vec shifted = x + kToInteger;
  const Vec r = x - (shifted - kToInteger);
  Vec p = splat(0.0551716723F);
  p = p * r + 0.242611125F;
  p = p * r + 0.693260992F;
  p = p * r + 0.999928072F;
  return scaled_by_power_of_two(p, shifted);
#endif
}

template <typename Products>
Index packed_floats(Index num_keys, Index head_dim) {
  return round_up(num_keys, kPanel) * head_dim / Products::kPerFloat + kWidth;
}

/// Where a head's keys end: their largest norm, not a number if any of them is none or infinite.
template <typename Products>
inline Index norm_of_keys(Index num_keys, Index head_dim) {
  return round_up(num_keys, kPanel) * head_dim / Products::kPerFloat;
}

inline Index attention_scratch_floats(Index head_dim) {
  // queries, accumulators, scores, then the running maximum and sum of each row
  return kQueryBlock * (2 * head_dim + kKeyBlock + 1 + kWidth) + kWidth;
}

inline float largest(const float* row, Index count, float start) {
  Vec best = splat(start);
  Index i = 0;
  for (; i + kWidth <= count; i += kWidth) best = max(best, load(row + i));
  float result = start;
  for (Index lane = 0; lane < kWidth; ++lane) result = best[lane] > result ? best[lane] : result;
  for (; i < count; ++i) result = row[i] > result ? row[i] : result;
  return result;
}

struct QueryBlock {
  float* queries;      // (kQueryBlock, head_dim / kPerFloat), scaled
  float* accumulated;  // (kQueryBlock, head_dim)
  float* scores;       // (kQueryBlock, kKeyBlock)
  float* maximum;      // (kQueryBlock)
  float* sum;          // (kQueryBlock, kWidth); bounded: of each lane, else of all in the first
  Index rows;          // padded to kRows
};

/// Scores of kRows rows and a panel of keys, in registers.
template <typename Products>
__attribute__((always_inline)) inline void multiply_scores(const float* queries, Index depth,
                                                           const float* keys, Vec (&score)[kRows][kVectors]) {
#pragma GCC unroll 16
  for (Index r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v) score[r][v] = Vec{};
  }
  add_product<typename Products::Step>(queries, depth, keys, depth, score);
#pragma GCC unroll 16
  for (Index r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v) keep_in_register(score[r][v]);
  }
}

/// One block of keys for a block of queries: softmax with a running maximum (Milakov and Gimelshein 2018, as
/// in FlashAttention), so a row of scores is never longer than kKeyBlock.
template <typename Products>
inline void attend(const AttentionHead& head, const QueryBlock& block, Index first_key) {
  const Index count = least(kKeyBlock, head.num_keys - first_key);
  const Index padded = round_up(count, kPanel);
  const Index depth = head.head_dim / Products::kPerFloat;
  for (Index panel = 0; panel < padded; panel += kPanel) {
    for (Index r = 0; r < block.rows; r += kRows) {
      Vec score[kRows][kVectors];
      multiply_scores<Products>(block.queries + r * depth, depth, head.keys + (first_key + panel) * depth,
                                score);
      for (Index i = 0; i < kRows; ++i) {
        for (Index v = 0; v < kVectors; ++v)
          store(block.scores + (r + i) * kKeyBlock + panel + v * kWidth, score[i][v]);
      }
    }
  }
  for (Index r = 0; r < block.rows; ++r) {
    float* row = block.scores + r * kKeyBlock;
    const float maximum = largest(row, count, block.maximum[r]);
    const float sum = Products::exponentials(row, count, padded, maximum);
    if (first_key > 0) {
      const Vec difference = splat(block.maximum[r] - maximum);
      const float decay = power_of_two_nonpositive(difference)[0];
      block.sum[r * kWidth] *= decay;
      for (Index d = 0; d < head.head_dim; d += kWidth) {
        float* at = block.accumulated + r * head.head_dim + d;
        store(at, load(at) * decay);
      }
    }
    block.sum[r * kWidth] += sum;
    block.maximum[r] = maximum;
  }
  const Index all_padded = round_up(head.num_keys, kPanel);
  for (Index d = 0; d < head.head_dim; d += kPanel) {
    const float* values = head.values + (d * all_padded + first_key * kPanel) / Products::kPerFloat;
    for (Index r = 0; r < block.rows; r += kRows) {
      multiply_tile<true, typename Products::Step>(block.scores + r * kKeyBlock, kKeyBlock, values,
                                                   round_up(count, Products::kPerFloat) / Products::kPerFloat,
                                                   block.accumulated + r * head.head_dim + d, head.head_dim);
    }
  }
}

/// kRows rows and a panel of keys: scores to exponentials without leaving the registers. `mask`: ones where
/// there are keys.
// Not inlined: next to other code its accumulators do not all stay in registers.
template <typename Products, bool kMasked>
__attribute__((noinline)) void score_tile(const float* queries, Index depth, const float* keys,
                                          const Vec* mask, float* to, Index to_stride, float* sums) {
  Vec score[kRows][kVectors];
  multiply_scores<Products>(queries, depth, keys, score);
#pragma GCC unroll 16
  for (Index r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (Index v = 0; v < kVectors; ++v) {
      score[r][v] = Products::power_of_two(score[r][v]);
      if (kMasked) score[r][v] *= mask[v];
    }
    Products::put_exponentials(score[r], to + r * to_stride, sums + r * kWidth);
  }
}

/// One block of keys for a block of queries whose scores are bounded: nothing has to be subtracted from them,
/// so exponentials need not wait for a row's maximum.
template <typename Products>
inline void attend_bounded(const AttentionHead& head, const QueryBlock& block, Index first_key) {
  const Index count = least(kBoundedKeyBlock, head.num_keys - first_key);
  const Index depth = head.head_dim / Products::kPerFloat;
  const Index all_padded = round_up(head.num_keys, kPanel);
  constexpr Index kStride = kBoundedKeyBlock / Products::kPerFloat;
  Vec mask[kVectors];
  for (Index v = 0; v < kVectors; ++v) {
    for (Index lane = 0; lane < kWidth; ++lane)
      mask[v][lane] = count / kPanel * kPanel + v * kWidth + lane < count ? 1.0F : 0.0F;
  }
  for (Index r = 0; r < block.rows; r += kRows) {
    const float* const queries = block.queries + r * depth;
    for (Index panel = 0; panel < count; panel += kPanel) {
      const float* const keys = head.keys + (first_key + panel) * depth;
      float* const to = block.scores + panel / Products::kPerFloat;
      float* const sums = block.sum + r * kWidth;
      if (panel + kPanel <= count) {
        score_tile<Products, false>(queries, depth, keys, mask, to, kStride, sums);
      } else {
        score_tile<Products, true>(queries, depth, keys, mask, to, kStride, sums);
      }
    }
    for (Index d = 0; d < head.head_dim; d += kPanel) {
      const float* values = head.values + (d * all_padded + first_key * kPanel) / Products::kPerFloat;
      multiply_tile<true, typename Products::Step>(block.scores, kStride, values,
                                                   round_up(count, Products::kPerFloat) / Products::kPerFloat,
                                                   block.accumulated + r * head.head_dim + d, head.head_dim);
    }
  }
}

/// Puts rows [first, first + count) of the queries into the block; true if all their scores are bounded.
template <typename Products>
inline bool put_queries(const AttentionHead& head, const QueryBlock& block, Index first, Index count) {
  const Index dim = head.head_dim;
  const float scale = head.scale * kLog2E;
  const float farthest = head.keys[norm_of_keys<Products>(head.num_keys, dim)];
  const float most = kBounded / scale;
  bool bounded = true;
  for (Index r = 0; r < block.rows; ++r) {
    // Rows that fill the last tile repeat one, so that they hold numbers.
    const float* q = head.q + (first + least(r, count - 1)) * head.q_stride;
    Products::put_queries(q, dim, scale, block.queries + r * (dim / Products::kPerFloat));
    Vec squares{};
    for (Index d = 0; d < dim; d += kWidth) {
      squares += load(q + d) * load(q + d);
      store(block.accumulated + r * dim + d, Vec{});
    }
    // Not so if any is not a number.
    bounded = bounded && folded_sum(squares) * farthest <= most * most;
    block.maximum[r] = -3.0e38F;
    store(block.sum + r * kWidth, Vec{});
  }
  return bounded;
}

template <typename Products>
void attention(const AttentionHead& head, Index begin, Index end, float* scratch) {
  const Index dim = head.head_dim;
  QueryBlock block{};
  block.queries = scratch;
  block.accumulated = block.queries + kQueryBlock * dim;
  block.scores = block.accumulated + kQueryBlock * dim;
  block.sum = block.scores + kQueryBlock * kKeyBlock;
  block.maximum = block.sum + kQueryBlock * kWidth;
  for (Index first = begin; first < end; first += kQueryBlock) {
    const Index count = least(kQueryBlock, end - first);
    block.rows = round_up(count, kRows);
    if (put_queries<Products>(head, block, first, count)) {
      for (Index key = 0; key < head.num_keys; key += kBoundedKeyBlock)
        attend_bounded<Products>(head, block, key);
    } else {
      for (Index key = 0; key < head.num_keys; key += kKeyBlock) attend<Products>(head, block, key);
    }
    for (Index r = 0; r < count; ++r) {
      const float norm = 1.0F / folded_sum(load(block.sum + r * kWidth));
      float* out = head.out + (first + r) * head.out_stride;
      for (Index d = 0; d < dim; d += kWidth) store(out + d, load(block.accumulated + r * dim + d) * norm);
    }
  }
}

/// The largest square of a norm among keys, not a number if any of them has one.
inline float largest_norm(const float* keys, Index stride, Index num_keys, Index head_dim) {
  float most = 0;
  float none = 0;
  for (Index key = 0; key < num_keys; ++key) {
    Vec squares{};
    for (Index d = 0; d < head_dim; d += kWidth) {
      const Vec value = load(keys + key * stride + d);
      squares += value * value;
    }
    const float square = folded_sum(squares);
    most = square > most ? square : most;
    none += 0.0F * square;
  }
  return most + none;
}

template <typename Products>
void pack_keys(const float* keys, Index stride, Index num_keys, Index head_dim, float* packed) {
  Products::pack_keys(keys, stride, num_keys, head_dim, packed);
  packed[norm_of_keys<Products>(num_keys, head_dim)] = largest_norm(keys, stride, num_keys, head_dim);
}

template <typename Products>
constexpr AttentionKernels attention_kernels() {
  return {.query_block = kQueryBlock,
          .packed_floats = packed_floats<Products>,
          .pack_keys = pack_keys<Products>,
          .pack_values = Products::pack_values,
          .scratch_floats = attention_scratch_floats,
          .attend = attention<Products>};
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
