// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <engine/system_info.hpp>

namespace da3::engine {

/// What the choice of operators on a CPU depends on.
struct CpuOperatorFacts {
  std::string kernels;  ///< The build of da3's own kernels for this processor, such as "avx2"; empty: none
  std::string blas;     ///< LibTorch's, such as "mkl"
  std::string int8_engine;  ///< LibTorch's engine for 8-bit products, such as "onednn"; empty: none
};

/// Those of this processor and LibTorch.
CpuOperatorFacts cpu_operator_facts();

/// The operators of da3's networks on a CPU, attention apart: one line for each part and class of shapes. The
/// same facts give the same lines; nothing is measured.
std::vector<OperatorChoice> cpu_operators(const CpuOperatorFacts& facts);

}  // namespace da3::engine
