# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Last stage of a head: from the fused map to the outputs in the input's size.


#: last_stage
# Last stage of a head: bilinear upsampling, 3x3 convolution, ReLU, 1x1 convolution.


def packed(self, weight: Tensor) -> Tensor:
    # What last_stage wants of the 3x3 convolution's weight.
    return weight


def border_table(self, x: Tensor, y: Tensor) -> Tensor:
    # x (3, W, 32) for each column of the first, an inner and the last row; y (H, 3, 32) for each row the same of columns.
    # Returns their sums, (H, W, 32).
    x = torch.cat([x[:1], x[1:2].expand(y.size(0) - 2, -1, -1), x[2:]])
    return x + torch.cat([y[:, :1], y[:, 1:2].expand(-1, x.size(1) - 2, -1), y[:, 2:]], 1)


def forward(
    self, neck: Tensor, packed: Tensor, bias: Tensor, table: Tensor, weight: Tensor, last_bias: Tensor, height: int, width: int
) -> Tensor:
    # neck: (n, C, h, w), channels last; table: (H, W, 32), added behind the 3x3 convolution, or empty. Returns
    # (n, outputs, H, W). Image by image: the upsampled map is the largest of all.
    maps: List[Tensor] = []
    for i in range(neck.size(0)):
        x = torch.upsample_bilinear2d(neck[i : i + 1], [height, width], True)
        x = torch.conv2d(x, packed, bias, 1, 1)
        if table.numel() > 0:
            x.add_(table.permute(2, 0, 1))
        maps.append(torch.conv2d(torch.relu_(x), weight, last_bias))
    return torch.cat(maps)


#: packed_float
# What last_stage_own wants of the 3x3 convolution's weight.


def packed(self, weight: Tensor) -> Tensor:
    return da3.pack_winograd(weight)


#: packed_int16
# As packed_float, with 16-bit codes as factors.


def packed(self, weight: Tensor) -> Tensor:
    return da3.pack_winograd(weight, True)


#: last_stage_own
# Last stage of a head by the operator of da3 (src/engine/operators/own_operators.hpp): in tiles, so the upsampled map never exists.


def border_table(self, x: Tensor, y: Tensor) -> Tensor:
    # As in last_stage, but both behind one another, (3 (W + H), 32): they stay in the cache, their sums would not.
    return torch.cat([x.flatten(0, 1), y.flatten(0, 1)])


def forward(
    self, neck: Tensor, packed: Tensor, bias: Tensor, table: Tensor, weight: Tensor, last_bias: Tensor, height: int, width: int
) -> Tensor:
    # As in last_stage; table as border_table gives it, or empty.
    return da3.depth_tail(neck, packed, bias, table, weight, last_bias, height, width)
