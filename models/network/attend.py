# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Methods of every attention: softmax(q k^T / sqrt(d)) v.


def attend(self, q: Tensor, k: Tensor, v: Tensor, use_sdpa: bool) -> Tensor:
    # q, k, v: (B, heads, N, d), any strides. Returns (B, N, heads * d).
    if use_sdpa:
        return self.fused(q, k, v)
    scores = torch.matmul(q * q.size(-1) ** -0.5, k.transpose(-2, -1))
    return torch.matmul(torch.softmax(scores, -1), v).transpose(1, 2).flatten(2)


def project(self, x: Tensor, y: Tensor) -> Tensor:
    # Adds the projection of y, (B, views * N, C), to x, (B * S, N, C), in place.
    x.view(-1, x.size(-1)).add_(self.proj.bias).addmm_(y.flatten(0, 1), self.proj.weight.t())
    return x
