# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# From tokens of four blocks to one map, which both heads share: the fusion blocks, then the way through them.


#: fusion_resize
# End of every fusion block. The 1x1 convolution stands before the upsampling: bilinear weights sum to one, so the two
# can change places, and it costs a quarter there.


def resize(self, x: Tensor, height: int, width: int) -> Tensor:
    x = torch.conv2d(self.resConfUnit2.forward(x), self.out_conv.weight, self.out_conv.bias)
    return torch.upsample_bilinear2d(x, [height, width], True)


#: fusion
# Fusion block: merges a level into what comes from the coarser ones. Takes `top` over.


def forward(self, top: Tensor, lateral: Tensor, height: int, width: int) -> Tensor:
    return self.resize(top.add_(self.resConfUnit1.forward(lateral)), height, width)


#: fusion_top
# Fusion block of the coarsest level: nothing to merge.


def forward(self, lateral: Tensor, height: int, width: int) -> Tensor:
    return self.resize(lateral, height, width)


#: halve
# The 3x3 convolution with stride 2 of the coarsest level.


def halve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.conv2d(x, weight, bias, 2, 1)


#: halve_low
# As halve, with bfloat16 factors where the weight is packed for them (int32; src/engine/operators/low_products.hpp).


def halve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if weight.dtype == 3:
        return da3.low_conv3(x, weight, bias, 2, 2, False, None)
    return torch.conv2d(x, weight, bias, 2, 1)


#: pyramid
# What both DPT heads share: tokens of four blocks to one map at 8 / 14 of the input's size. All maps are channels last.
# Letters: C width of a feature, K channels of a level, h and w rows and columns of patches.


def as_map(self, x: Tensor, rows: int, columns: int) -> Tensor:
    # (B * S, h * w, K) as (B * S, K, h, w), without a copy.
    return x.unflatten(1, [rows, columns]).permute(0, 3, 1, 2)


def enlarge(self, x: Tensor, weight: Tensor, bias: Tensor, rows: int, columns: int) -> Tensor:
    # Transposed convolution whose kernel is its stride k, as one product (tensor layout 2); then every pixel to its
    # place. x: (B * S, h * w, K); weight: (k k K, K), bias: (k k K). Returns (B * S, K, k h, k w).
    K = x.size(-1)
    pixels = self.dense(x, weight, bias)
    k = int((pixels.size(-1) // K) ** 0.5)
    pixels = pixels.view(x.size(0), rows, columns, k, k, K).transpose(2, 3)
    return self.as_map(pixels.reshape(x.size(0), rows * k * columns * k, K), rows * k, columns * k)


def fuse(self, levels: List[Tensor], rows: int, columns: int) -> Tensor:
    # levels: (B * S, h * w, K) per tapped block. Returns (B * S, F / 2, 8 h, 8 w).
    scratch = self.scratch
    up4 = getattr(self.resize_layers, "0")
    up2 = getattr(self.resize_layers, "1")
    down2 = getattr(self.resize_layers, "3")
    l1 = self.enlarge(levels[0], up4.weight, up4.bias, rows, columns)
    l2 = self.enlarge(levels[1], up2.weight, up2.bias, rows, columns)
    l3 = self.as_map(levels[2], rows, columns)
    l4 = self.halve(self.as_map(levels[3], rows, columns), down2.weight, down2.bias)
    l4 = scratch.layer4_rn.forward(l4)
    y = scratch.refinenet4.forward(l4, rows, columns)
    l3 = scratch.layer3_rn.forward(l3)
    y = scratch.refinenet3.forward(y, l3, 2 * rows, 2 * columns)
    l2 = scratch.layer2_rn.forward(l2)
    y = scratch.refinenet2.forward(y, l2, 4 * rows, 4 * columns)
    l1 = scratch.layer1_rn.forward(l1)
    y = scratch.refinenet1.forward(y, l1, 8 * rows, 8 * columns)
    return scratch.output_conv1.forward(y)
