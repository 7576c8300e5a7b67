# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The 3x3 convolution of stride 2 between the coarsest levels.


def halve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    # x: (n, C, h, w), channels last. Returns (n, K, (h + 1) / 2, (w + 1) / 2), channels last.
    return torch.conv2d(x, weight, bias, 2, 1)
