# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# DualDPT without its ray branch: depth and confidence.


def sincos(self, positions: Tensor, channels: int) -> Tensor:
    # (n) -> (n, channels): sines, then cosines, base 100, amplitude 0.1.
    exponents = torch.arange(channels // 2, device=positions.device) / (channels / 2.0)
    angles = positions.unsqueeze(1) * (1.0 / torch.pow(100.0, exponents))
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1) * 0.1


def uv_axis(self, count: int, span: float, channels: int) -> Tensor:
    # (count, channels): embedding of pixel centres of one axis that spans [-span, span].
    edge = span * (count - 1) / count
    positions = torch.linspace(-edge, edge, count, device=self.scratch.output_conv1.bias.device)
    return self.sincos(positions, channels).to(self.scratch.output_conv1.bias.dtype)


def uv_table(self, rows: int, columns: int, aspect: float, bias: Tensor) -> Tensor:
    # (rows * columns, K): the embedding and the bias. The first half of the channels knows the column, the second the
    # row.
    diagonal = (aspect**2 + 1.0) ** 0.5
    half = bias.size(0) // 2
    x = self.uv_axis(columns, aspect / diagonal, half).unsqueeze(0).expand(rows, -1, -1)
    y = self.uv_axis(rows, 1.0 / diagonal, half).unsqueeze(1).expand(-1, columns, -1)
    return torch.cat([x, y], -1).flatten(0, 1).add_(bias)


def last_table(self, height: int, width: int) -> Tensor:
    # (H, W, 32): the last 3x3 convolution of the embedding of the last map, and its bias. Each half of the embedding
    # changes along one axis only, so three rows and three columns hold every border case.
    conv = getattr(self.scratch.output_conv2, "0")
    aspect = width / height
    diagonal = (aspect**2 + 1.0) ** 0.5
    half = conv.weight.size(1) // 2
    x = self.uv_axis(width, aspect / diagonal, half).t().view(1, half, 1, width).expand(-1, -1, 3, -1)
    y = self.uv_axis(height, 1.0 / diagonal, half).t().view(1, half, height, 1).expand(-1, -1, -1, 3)
    x = torch.conv2d(x, conv.weight[:, :half], conv.bias, 1, 1)[0].permute(1, 2, 0)
    y = torch.conv2d(y, conv.weight[:, half:], None, 1, 1)[0].permute(1, 2, 0)
    x = torch.cat([x[:1], x[1:2].expand(height - 2, -1, -1), x[2:]])
    return x + torch.cat([y[:, :1], y[:, 1:2].expand(-1, width - 2, -1), y[:, 2:]], 1)


def tables(self, height: int, width: int) -> Dict[str, Tensor]:
    # uv0..3 (h * w, K): added to the projected tokens. last (H, W, 32): added behind the last 3x3
    # convolution, whose weight is in packed.
    rows = height // self.patch
    columns = width // self.patch
    aspect = width / height
    return {
        "uv0": self.uv_table(rows, columns, aspect, getattr(self.projects, "0").bias),
        "uv1": self.uv_table(rows, columns, aspect, getattr(self.projects, "1").bias),
        "uv2": self.uv_table(rows, columns, aspect, getattr(self.projects, "2").bias),
        "uv3": self.uv_table(rows, columns, aspect, getattr(self.projects, "3").bias),
        "last": self.last_table(height, width),
        "packed": self.packed(getattr(self.scratch.output_conv2, "0").weight)
    }


def project(self, feature: Tensor, weight: Tensor, uv: Tensor) -> Tensor:
    # (B, S, h * w, C) -> (B * S, h * w, K). Scale and shift of the norm are in weight and bias (tensor layout 2).
    x = torch.layer_norm(feature.flatten(0, 1), [feature.size(-1)], None, None, 1e-5)
    return self.dense(x, weight.flatten(1), None).add_(uv)


def neck(self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int) -> Tensor:
    p0 = getattr(self.projects, "0")
    p1 = getattr(self.projects, "1")
    p2 = getattr(self.projects, "2")
    p3 = getattr(self.projects, "3")
    levels = [
        self.project(features["feat0"], p0.weight, tables["uv0"]),
        self.project(features["feat1"], p1.weight, tables["uv1"]),
        self.project(features["feat2"], p2.weight, tables["uv2"]),
        self.project(features["feat3"], p3.weight, tables["uv3"])
    ]
    return self.fuse(levels, height // self.patch, width // self.patch)


def forward(self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    # Returns depth and depth_conf (B, S, H, W).
    B = features["feat0"].size(0)
    S = features["feat0"].size(1)
    neck = self.neck(features, tables, height, width)
    last = getattr(self.scratch.output_conv2, "2")
    none = torch.zeros_like(getattr(self.scratch.output_conv2, "0").bias)  # The bias is in the table.
    maps = self.last_stage(neck, tables["packed"], none, tables["last"], last.weight, last.bias, height, width)
    maps = torch.exp_(maps).unflatten(0, [B, S])
    return {"depth": maps[:, :, 0].contiguous(), "depth_conf": maps[:, :, 1] + 1}
