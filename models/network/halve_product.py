# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The 3x3 convolution of stride 2 between the coarsest levels, as one matrix product: CPUs have no fast one for it.


def halve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    # As in halve.py.
    padded = torch.constant_pad_nd(x.permute(0, 2, 3, 1), [0, 0, 1, 1, 1, 1])
    height = (x.size(2) + 1) // 2 * 2
    width = (x.size(3) + 1) // 2 * 2
    taps: List[Tensor] = []
    for tap in range(9):
        row = tap // 3
        column = tap % 3
        taps.append(padded[:, row : row + height - 1 : 2, column : column + width - 1 : 2])
    columns = torch.cat(taps, -1)
    return torch.linear(columns, weight.permute(0, 2, 3, 1).flatten(1), bias).permute(0, 3, 1, 2)
