# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# From tokens of four blocks to one map, which both heads share: the fusion blocks, then the way through them.


#: fusion_out
# What a fusion block gives, before its upsampling.


def out(self, x: Tensor) -> Tensor:
    return torch.conv2d(self.resConfUnit2.forward(x), self.out_conv.weight, self.out_conv.bias)


#: fusion_out_own
# As fusion_out, with the 1x1 convolution as a matrix product (dense).


def out(self, x: Tensor) -> Tensor:
    x = self.resConfUnit2.forward(x).permute(0, 2, 3, 1)
    return self.dense(x, self.out_conv.weight.flatten(1), self.out_conv.bias).permute(0, 3, 1, 2)


#: fusion_resize
# End of every fusion block. The 1x1 convolution stands before the upsampling: bilinear weights sum to one, so the two
# can change places, and it costs a quarter there.


def resize(self, x: Tensor, height: int, width: int) -> Tensor:
    return torch.upsample_bilinear2d(self.out(x), [height, width], True)


#: fusion
# Fusion block: merges a level into what comes from the coarser ones. Takes `top` over.


def forward(self, top: Tensor, lateral: Tensor, height: int, width: int) -> Tensor:
    return self.resize(top.add_(self.resConfUnit1.forward(lateral)), height, width)


def before_resize(self, top: Tensor, lateral: Tensor) -> Tensor:
    return self.out(top.add_(self.resConfUnit1.forward(lateral)))


#: fusion_top
# Fusion block of the coarsest level: nothing to merge.


def forward(self, lateral: Tensor, height: int, width: int) -> Tensor:
    return self.resize(lateral, height, width)


#: halve
# The 3x3 convolution with stride 2 of the coarsest level.


def halve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.conv2d(x, weight, bias, 2, 1)


#: halve_low
# As halve, with codes of low_kind where the weight is packed for them (int32; src/engine/operators/low_products.hpp).


def halve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if weight.dtype == 3:
        return da3.low_conv3(x, weight, bias, self.low_kind(), 2, False, None)
    return torch.conv2d(x, weight, bias, 2, 1)


#: maps
# Tokens to maps, in every DPT head; dense() and halve() stand before. All maps are channels last. Letters: C width of a
# feature, K channels of a level, h and w rows and columns of patches.


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


#: pyramid
# What both DPT heads share: tokens of four blocks to one map at 8 / 14 of the input's size.


def laterals(self, levels: List[Tensor], rows: int, columns: int) -> List[Tensor]:
    # levels: (B * S, h * w, K) per tapped block. Returns a map of F channels for each, the finest first: (B * S, F, 4 h,
    # 4 w), half of it, a quarter, an eighth (rounded up).
    scratch = self.scratch
    maps = self.maps
    up4 = getattr(self.resize_layers, "0")
    up2 = getattr(self.resize_layers, "1")
    down2 = getattr(self.resize_layers, "3")
    l1 = scratch.layer1_rn.forward(maps.enlarge(levels[0], up4.weight, up4.bias, rows, columns))
    l2 = scratch.layer2_rn.forward(maps.enlarge(levels[1], up2.weight, up2.bias, rows, columns))
    l3 = scratch.layer3_rn.forward(maps.as_map(levels[2], rows, columns))
    l4 = maps.halve(maps.as_map(levels[3], rows, columns), down2.weight, down2.bias)
    return [l1, l2, l3, scratch.layer4_rn.forward(l4)]


def merge(self, laterals: List[Tensor], rows: int, columns: int) -> Tensor:
    # Empties `laterals`, so that each map goes as soon as it is merged. Returns (B * S, F / 2, 8 h, 8 w).
    scratch = self.scratch
    y = scratch.refinenet4.forward(laterals.pop(), rows, columns)
    y = scratch.refinenet3.forward(y, laterals.pop(), 2 * rows, 2 * columns)
    y = scratch.refinenet2.forward(y, laterals.pop(), 4 * rows, 4 * columns)
    y = scratch.refinenet1.before_resize(y, laterals.pop())
    return scratch.output_conv1.of_upsampled(y, 8 * rows, 8 * columns)


#: fuse
# The whole way.


def fuse(self, levels: List[Tensor], rows: int, columns: int) -> Tensor:
    # levels as in laterals. Returns (B * S, F / 2, 8 h, 8 w).
    return self.merge(self.laterals(levels, rows, columns), rows, columns)


#: uv
# The embedding of positions that a head adds to its maps: sines and cosines of x and y, base 100, amplitude 0.1. In a
# module without tensors, as the order of views (backbone.py).


def sincos(self, positions: Tensor, channels: int) -> Tensor:
    # (n) -> (n, channels): sines, then cosines, base 100, amplitude 0.1.
    exponents = torch.arange(channels // 2, device=positions.device) / (channels / 2.0)
    angles = positions.unsqueeze(1) * (1.0 / torch.pow(100.0, exponents))
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1) * 0.1


def axis(self, count: int, span: float, channels: int, like: Tensor) -> Tensor:
    # (count, channels), of the type and on the device of `like`: embedding of pixel centres of one axis that spans
    # [-span, span].
    edge = span * (count - 1) / count
    positions = torch.linspace(-edge, edge, count, device=like.device)
    return self.sincos(positions, channels).to(like.dtype)


def table(self, rows: int, columns: int, aspect: float, bias: Tensor) -> Tensor:
    # (rows * columns, K): the embedding and the bias. The first half of the channels knows the column, the second the
    # row.
    diagonal = (aspect**2 + 1.0) ** 0.5
    half = bias.size(0) // 2
    x = self.axis(columns, aspect / diagonal, half, bias).unsqueeze(0).expand(rows, -1, -1)
    y = self.axis(rows, 1.0 / diagonal, half, bias).unsqueeze(1).expand(-1, columns, -1)
    return torch.cat([x, y], -1).flatten(0, 1).add_(bias)


def add(self, x: Tensor, aspect: float) -> Tensor:
    # x: (n, K, h, w) of a picture of that width over height. Adds the embedding in place, axis by axis.
    diagonal = (aspect**2 + 1.0) ** 0.5
    half = x.size(1) // 2
    x[:, :half].add_(self.axis(x.size(3), aspect / diagonal, half, x).t().unsqueeze(1))
    x[:, half:].add_(self.axis(x.size(2), 1.0 / diagonal, half, x).t().unsqueeze(2))
    return x
