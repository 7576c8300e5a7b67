# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The fused attention of da3 whose products round their factors to bfloat16 (src/engine/own_operators.hpp).


def fused(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return da3.attention_bf16(q, k, v)
