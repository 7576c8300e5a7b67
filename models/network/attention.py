# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Attention of a DINOv2 block without q/k norms and rotary embedding.


def forward(self, x: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool) -> Tensor:
    # x: (B * S, N, C). Tokens attend within their own view: these blocks come before the first global one.
    BS, N, C = x.shape
    qkv = torch.linear(x, self.qkv.weight, self.qkv.bias).view(BS, N, 3, self.num_heads, C // self.num_heads)
    q, k, v = torch.unbind(qkv.permute(2, 0, 3, 1, 4), 0)
    return torch.linear(self.attend(q, k, v, use_sdpa), self.proj.weight, self.proj.bias)
