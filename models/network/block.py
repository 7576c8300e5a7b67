# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Block of the vision transformer. Scale and shift of its norms and its layer scales are folded into the weights next to
# them (tensor layout 2), so the norms only normalise and the residuals are part of the last products.


def forward(self, x: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool) -> Tensor:
    # x: (B * S, N, C), contiguous, changed in place. The epsilon is 1e-6 in these two norms only.
    normed = torch.layer_norm(x, [x.size(-1)], None, None, 1e-6)
    x = self.attn.forward(x, normed, views, cos, sin, use_sdpa)
    normed = torch.layer_norm(x, [x.size(-1)], None, None, 1e-6)
    return self.mlp.forward(x, normed)
