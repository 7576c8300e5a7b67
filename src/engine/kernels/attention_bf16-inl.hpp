// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

#include <engine/kernels/attention-inl.hpp>
#include <engine/kernels/bf16-inl.hpp>
#include <engine/kernels/kernels.hpp>

// Attention whose products round their factors to bfloat16 and add in float32: queries, keys, values and
// exponentials are rounded, sums and the softmax's normalisation are not. Two factors lie in the room of one
// float32. Without an instruction set for bfloat16 it computes the same in ordinary
// instructions, for tests.
namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {
namespace {

typedef std::uint32_t Bits __attribute__((may_alias));

inline void store_pairs(float* p, Pairs pairs) {
  *reinterpret_cast<Pairs*>(p) = pairs;
}

/// Lane i: element i of both, rounded.
inline Pairs pair_up(Vec first, Vec second) {
  return rounded(first) | (rounded(second) << 16);
}

#ifdef __AVX512BF16__

/// sum + the products of both factors of each lane.
inline Vec add_products(Vec sum, Pairs a, Pairs b) {
  return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}

#else

inline Vec add_products(Vec sum, Pairs a, Pairs b) {
  constexpr std::uint32_t kHigh = 0xFFFF0000;
  return sum + (Vec)(a << 16) * (Vec)(b << 16) + (Vec)(a & kHigh) * (Vec)(b & kHigh);
}

#endif

struct Bf16Attention {
  static constexpr Index kPerFloat = 2;

  struct Step {
    static Vec add(Vec sum, const float* a, Vec b) {
      return add_products(sum, *reinterpret_cast<const Bits*>(a) - Pairs{}, (Pairs)b);
    }
  };

  static Vec power_of_two(Vec x) { return rough_power_of_two(x); }

  /// The sums are those of the rounded ones.
  static void put_exponentials(const Vec (&e)[kVectors], float* to, float* sums) {
    static_assert(kVectors == 2);
    const Pairs pairs = pair_neighbours(e[0], e[1]);
    store_pairs(to, pairs);
    store(sums, add_products(load(sums), pairs, 0x3F803F80 - Pairs{}));
  }

  static void put_queries(const float* q, Index head_dim, float scale, float* row) {
    for (Index d = 0; d < head_dim; d += 2 * kWidth)
      store_pairs(row + d / 2, pair_neighbours(load(q + d) * scale, load(q + d + kWidth) * scale));
  }

  /// Lane: a key; its factors: two features.
  static void pack_keys(const float* keys, Index stride, Index num_keys, Index head_dim, float* packed) {
    for (Index first = 0; first < round_up(num_keys, kPanel); first += kWidth) {
      float* const panel = packed + first / kPanel * kPanel * head_dim / 2 + first % kPanel;
      for (Index d = 0; d < head_dim; d += 2 * kWidth) {
        Vec rows[kWidth];
        for (Index i = 0; i < kWidth; ++i) {
          const float* const row = keys + (first + i) * stride + d;
          rows[i] = first + i < num_keys ? (Vec)pair_neighbours(load(row), load(row + kWidth)) : Vec{};
        }
        store_transposed(rows, panel + d / 2 * kPanel, kPanel);
      }
    }
  }

  /// Lane: a feature; its factors: two keys.
  static void pack_values(const float* values, Index stride, Index num_keys, Index head_dim, float* packed) {
    const Index padded = round_up(num_keys, kPanel);
    for (Index first = 0; first < head_dim; first += kPanel) {
      float* panel = packed + first * padded / 2;
      for (Index key = 0; key < padded; key += 2) {
        for (Index v = 0; v < kVectors; ++v) {
          const float* from = values + key * stride + first + v * kWidth;
          const Vec even = key < num_keys ? load(from) : Vec{};
          const Vec odd = key + 1 < num_keys ? load(from + stride) : Vec{};
          store_pairs(panel + key / 2 * kPanel + v * kWidth, pair_up(even, odd));
        }
      }
    }
  }

  static float exponentials(float* row, Index count, Index padded, float maximum) {
    Vec sum{};
    // What is written lies behind what is read.
    for (Index i = 0; i < padded; i += 2 * kWidth) {
      Vec e[2];
      for (Index v = 0; v < 2; ++v) {
        e[v] = power_of_two_nonpositive(load(row + i + v * kWidth) - maximum);
        if (i + 2 * kWidth > count) {
          for (Index lane = 0; lane < kWidth; ++lane)
            e[v][lane] = i + v * kWidth + lane < count ? e[v][lane] : 0;
        }
        sum += e[v];
      }
      store_pairs(row + i / 2, pair_neighbours(e[0], e[1]));
    }
    return sum_of_lanes(sum);
  }
};

}  // namespace

}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
