// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <engine/kernels/attention_float-inl.hpp>
#include <engine/kernels/gelu-inl.hpp>
#include <engine/kernels/heads-inl.hpp>
#include <engine/kernels/kernels.hpp>
#include <engine/kernels/linear-inl.hpp>
#include <engine/kernels/norm-inl.hpp>
#include <engine/kernels/tail-inl.hpp>
#include <engine/kernels/winograd-inl.hpp>

// The table of an instruction set's build (vectors-inl.hpp); DA3_KERNELS_NAME is its name.
#ifndef DA3_KERNELS_NAME
#define DA3_KERNELS_NAME "unnamed"
#endif

namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE {

const Kernels& table() {
  static constexpr Kernels kTable{.name = DA3_KERNELS_NAME,
                                  .panel = kPanel,
                                  .attention = attention_kernels<FloatAttention>(),
                                  .gelu = gelu,
                                  .norm_rotate = norm_rotate,
                                  .add = add,
                                  .scale_and_shift = scale_and_shift,
                                  .put_normed = put_normed,
                                  .linear_rows = kRows,
                                  .linear_scratch_floats = linear_scratch_floats,
                                  .linear = linear,
                                  .convolution = convolution_kernels<FloatWinograd>()};
  return kTable;
}

}  // namespace da3::engine::kernels::DA3_KERNELS_NAMESPACE
