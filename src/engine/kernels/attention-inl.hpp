// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/kernels.hpp>
#include <engine/kernels/vectors-inl.hpp>

// Attention of one head, whatever its products' factors are. Those are said by a type:
//   kPerFloat: factors in the room of one float32, adjacent ones along the sum of a product
//   Step: of multiply_tile, over kPerFloat factors
//   pack_keys, pack_values: keys as panels (head_dim, kPanel), values as panels (keys, kPanel)
//   put_queries(q, head_dim, scale, row): a row of scaled queries as factors
//   exponentials(row, count, padded, maximum): 2^(row - maximum) as factors in the row's place, zero from
//     `count` on up to `padded`; their sum
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

constexpr Index kQueryBlock = 4 * kRows;
constexpr float kLog2E = 1.44269504088896341F;  // scores are powers of two, which costs the queries nothing
constexpr Index kKeyBlock = 768;  // keys and values of a block stay in a 512 KiB second-level cache

template <typename Products>
Index packed_floats(Index num_keys, Index head_dim) {
  return round_up(num_keys, kPanel) * head_dim / Products::kPerFloat;
}

Index attention_scratch_floats(Index head_dim) {
  // queries, accumulators, scores, then the running maximum and sum of each row
  return kQueryBlock * (2 * head_dim + kKeyBlock + 2) + kWidth;
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
  float* sum;          // (kQueryBlock)
  Index rows;          // padded to kRows
};

/// One block of keys for a block of queries: softmax with a running maximum (Milakov and Gimelshein 2018, as
/// in FlashAttention), so a row of scores is never longer than kKeyBlock.
template <typename Products>
inline void attend(const AttentionHead& head, const QueryBlock& block, Index first_key) {
  const Index count = least(kKeyBlock, head.num_keys - first_key);
  const Index padded = round_up(count, kPanel);
  const Index depth = head.head_dim / Products::kPerFloat;
  for (Index panel = 0; panel < padded; panel += kPanel) {
    const float* keys = head.keys + (first_key + panel) * depth;
    for (Index r = 0; r < block.rows; r += kRows) {
      multiply_tile<false, typename Products::Step>(block.queries + r * depth, depth, keys, depth,
                                                    block.scores + r * kKeyBlock + panel, kKeyBlock);
    }
  }
  for (Index r = 0; r < block.rows; ++r) {
    float* row = block.scores + r * kKeyBlock;
    const float maximum = largest(row, count, block.maximum[r]);
    const float sum = Products::exponentials(row, count, padded, maximum);
    if (first_key > 0) {
      const Vec difference = splat(block.maximum[r] - maximum);
      const float decay = power_of_two_nonpositive(difference)[0];
      block.sum[r] *= decay;
      for (Index d = 0; d < head.head_dim; d += kWidth) {
        float* at = block.accumulated + r * head.head_dim + d;
        store(at, load(at) * decay);
      }
    }
    block.sum[r] += sum;
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

template <typename Products>
void attention(const AttentionHead& head, Index begin, Index end, float* scratch) {
  const Index dim = head.head_dim;
  QueryBlock block{};
  block.queries = scratch;
  block.accumulated = block.queries + kQueryBlock * dim;
  block.scores = block.accumulated + kQueryBlock * dim;
  block.maximum = block.scores + kQueryBlock * kKeyBlock;
  block.sum = block.maximum + kQueryBlock;
  for (Index first = begin; first < end; first += kQueryBlock) {
    const Index count = least(kQueryBlock, end - first);
    block.rows = round_up(count, kRows);
    for (Index r = 0; r < block.rows; ++r) {
      block.maximum[r] = -3.0e38F;
      block.sum[r] = 0;
      for (Index d = 0; d < dim; d += kWidth) store(block.accumulated + r * dim + d, Vec{});
      // Rows that fill the last tile repeat one, so that they hold numbers.
      const float* q = head.q + (first + least(r, count - 1)) * head.q_stride;
      Products::put_queries(q, dim, head.scale * kLog2E, block.queries + r * (dim / Products::kPerFloat));
    }
    for (Index key = 0; key < head.num_keys; key += kKeyBlock) attend<Products>(head, block, key);
    for (Index r = 0; r < count; ++r) {
      const float norm = 1.0F / block.sum[r];
      float* out = head.out + (first + r) * head.out_stride;
      for (Index d = 0; d < dim; d += kWidth) store(out + d, load(block.accumulated + r * dim + d) * norm);
    }
  }
}

template <typename Products>
constexpr AttentionKernels attention_kernels() {
  return {.query_block = kQueryBlock,
          .packed_floats = packed_floats<Products>,
          .pack_keys = Products::pack_keys,
          .pack_values = Products::pack_values,
          .scratch_floats = attention_scratch_floats,
          .attend = attention<Products>};
}

}  // namespace
}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
