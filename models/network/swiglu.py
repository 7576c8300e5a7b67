# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Gated feed-forward part of a block (ViT-g): silu(a) * b.


def forward(self, x: Tensor, normed: Tensor) -> Tensor:
    # Adds to x, in place.
    wa, wb = torch.chunk(self.w12.weight, 2, 0)
    ba, bb = torch.chunk(self.w12.bias, 2, 0)
    hidden = torch.silu_(torch.linear(normed, wa, ba)).mul_(torch.linear(normed, wb, bb))
    x.view(-1, x.size(-1)).add_(self.w3.bias).addmm_(hidden.flatten(0, 1), self.w3.weight.t())
    return x
