# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Attention with q/k norms and 2-D rotary position embedding.


def rotate(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    # x: (B * S, N, heads, d), contiguous, changed in place. Features i and i + d/4 of each half are a pair; `sin` holds
    # the minus sign of the first of a pair.
    BS, N, heads, d = x.shape
    partner = x.view(BS, N, heads, 2, 2, d // 4).flip([4]).view(BS, N, heads, d)
    return x.mul_(cos).addcmul_(partner, sin)


def forward(
    self, x: Tensor, normed: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool
) -> Tensor:
    # x: (B * S, N, C), changed in place; cos, sin: (N, 1, d). Tokens of `views` views in a row attend to each other.
    BS, N, C = x.shape
    heads = self.num_heads
    d = C // heads
    q, k, v = self.qkv.parts(normed, 3)
    q = torch.layer_norm(q.view(BS, N, heads, d), [d], self.q_norm.weight, self.q_norm.bias, 1e-5)
    k = torch.layer_norm(k.view(BS, N, heads, d), [d], self.k_norm.weight, self.k_norm.bias, 1e-5)
    scene = [BS // views, views * N, heads, d]
    q = self.rotate(q, cos, sin).view(scene).transpose(1, 2)
    k = self.rotate(k, cos, sin).view(scene).transpose(1, 2)
    return self.proj.add_to(x, self.attend(q, k, v.view(scene).transpose(1, 2), use_sdpa))
