# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Attention with q/k norms and 2-D rotary position embedding by the operator of da3 (src/engine/own_operators.hpp).


def forward(
    self, x: Tensor, normed: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool
) -> Tensor:
    # As in attention_rotary.py.
    BS, N, C = x.shape
    qkv = self.qkv.product(normed).view(BS, N, 3, self.num_heads, C // self.num_heads)
    da3.norm_rotate_(qkv, self.qkv.shift(), self.q_norm.weight, self.q_norm.bias, self.k_norm.weight, self.k_norm.bias, cos, sin)
    qkv = qkv.view(BS // views, views * N, 3, self.num_heads, C // self.num_heads)
    q, k, v = torch.unbind(qkv.permute(2, 0, 3, 1, 4), 0)
    return self.proj.add_to(x, self.attend(q, k, v, use_sdpa))
