// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace da3::engine {

/// What linear layers multiply. da3's operators and the network's text know them by these numbers.
enum class BlockProducts { kFloat = 0, kBf16 = 1, kInt8 = 2, kInt16 = 3 };

/// Which operators a network's module calls. As it is made here: LibTorch's portable ones, which run on every
/// device and are what exported files hold. The other values are for CPUs and float32 tensors.
struct Lowering {
  bool own_kernels = false;  ///< da3's operators (own_operators.hpp) where the sizes suit them
  /// With own_kernels: attention rounds its factors to bfloat16 (da3::attention_bf16).
  bool bf16_attention = false;
  /// With own_kernels: to 8 bits instead, where the sizes suit it (da3::attention_int8).
  bool int8_attention = false;
  bool onednn_products = false;  ///< Matrix products by oneDNN instead of LibTorch's BLAS
  bool own_products = false;     ///< Matrix products by da3 (own_linear.hpp) instead of both
  BlockProducts block_products = BlockProducts::kFloat;  ///< Not kInt16
  /// With kBf16 and kInt8: da3's products (low_products.hpp) where the sizes suit them.
  bool own_low_products = false;
  /// With kBf16 and kInt8: the patch embedding, dense layers and 3x3 convolutions of the heads have 16-bit
  /// codes as factors where the sizes suit da3's products.
  bool int16_ends = false;
  /// With int16_ends: 8-bit codes instead in the heads, but for convolutions by Winograd.
  bool int8_head = false;
  /// With kInt8: inputs keep 8 bits instead of 7. Only where sums of two products cannot saturate.
  bool full_int8_range = false;
  /// With nothing else: linear layers of blocks keep statistics of their inputs (smoothing.hpp).
  bool observe_inputs = false;
};

}  // namespace da3::engine
