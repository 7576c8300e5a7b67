# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Gated feed-forward part of a block (ViT-g): silu(a) * b.


def forward(self, x: Tensor, normed: Tensor) -> Tensor:
    # Adds to x, in place.
    gate, value = self.w12.parts(normed, 2)
    return self.w3.add_to(x, torch.silu_(gate).mul_(value))
