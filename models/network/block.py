# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Block of the vision transformer: pre-norm, layer scale, residual.


def forward(self, x: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool) -> Tensor:
    # x: (B * S, N, C), changed in place. The epsilon is 1e-6 in these two norms only.
    C = x.size(-1)
    y = torch.layer_norm(x, [C], self.norm1.weight, self.norm1.bias, 1e-6)
    x.addcmul_(self.attn.forward(y, views, cos, sin, use_sdpa), self.ls1.gamma)
    y = torch.layer_norm(x, [C], self.norm2.weight, self.norm2.bias, 1e-6)
    return x.addcmul_(self.mlp.forward(y), self.ls2.gamma)
