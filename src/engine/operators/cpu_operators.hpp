// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <da3/device.hpp>

#include <core/host/processor.hpp>
#include <engine/device/system_info.hpp>
#include <engine/network/lowering.hpp>

namespace da3::engine {

/// What the choice of operators on a CPU depends on.
struct CpuOperatorFacts {
  core::Processor cpu;
  std::string kernels;  ///< The build of da3's own kernels for this processor, such as "avx2"; empty: none
  bool bf16_attention = false;  ///< They have attention with bfloat16 factors
  bool int8_attention = false;  ///< They have attention with 8-bit factors
  std::string bf16_products;    ///< Their products of bfloat16, such as "avx512_bf16"; empty: none
  std::string int8_products;    ///< Their products of 8 bits, such as "avx512_vnni"; empty: none
  std::string int16_products;   ///< Their products and convolutions of 16-bit codes; empty: none
  std::string blas;             ///< LibTorch's, such as "mkl"
  bool onednn = false;          ///< onednn_available()
  std::string int8_engine;      ///< LibTorch's engine for 8-bit products, such as "onednn"; empty: none
};

/// Those of this processor and LibTorch.
CpuOperatorFacts cpu_operator_facts();

/// The operators of da3's networks on a CPU, from one table. The same facts give the same operators; nothing
/// is measured. `precision`: any but fp16, which no CPU computes.
Lowering cpu_lowering(const CpuOperatorFacts& facts, Precision precision);

/// The lines of that table that hold, attention apart: one for each part of the networks and class of shapes.
std::vector<OperatorChoice> cpu_operators(const CpuOperatorFacts& facts);

}  // namespace da3::engine
