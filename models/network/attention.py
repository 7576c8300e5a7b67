# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Attention of a DINOv2 block without q/k norms and rotary embedding.


def forward(
    self, x: Tensor, normed: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool
) -> Tensor:
    # x: (B * S, N, C), changed in place. Tokens of `views` views in a row attend to each other.
    BS, N, C = x.shape
    qkv = self.qkv.forward(normed)
    qkv = qkv.view(BS // views, views * N, 3, self.num_heads, C // self.num_heads)
    q, k, v = torch.unbind(qkv.permute(2, 0, 3, 1, 4), 0)
    return self.proj.add_to(x, self.attend(q, k, v, use_sdpa))
