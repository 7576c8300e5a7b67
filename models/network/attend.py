# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Methods of every attention: softmax(q k^T / sqrt(d)) v.


def attend(self, q: Tensor, k: Tensor, v: Tensor, use_sdpa: bool) -> Tensor:
    # q, k, v: (B, heads, N, d), any strides. Returns (B, N, heads * d).
    if use_sdpa:
        return self.fused(q, k, v)
    scores = torch.matmul(q * q.size(-1) ** -0.5, k.transpose(-2, -1))
    return torch.matmul(torch.softmax(scores, -1), v).transpose(1, 2).flatten(2)
