# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Gated feed-forward part of a block (ViT-g): silu(a) * b.


def forward(self, x: Tensor) -> Tensor:
    a, b = torch.chunk(torch.linear(x, self.w12.weight, self.w12.bias), 2, -1)
    return torch.linear(torch.silu_(a).mul_(b), self.w3.weight, self.w3.bias)
