# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# DualDPT without its ray branch: depth and confidence.


def sincos(self, positions: Tensor, channels: int) -> Tensor:
    # (n) -> (n, channels): sines, then cosines, base 100, amplitude 0.1.
    exponents = torch.arange(channels // 2, device=positions.device) / (channels / 2.0)
    angles = positions.unsqueeze(1) * (1.0 / torch.pow(100.0, exponents))
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1) * 0.1


def uv_rows(self, count: int, span: float, channels: int) -> Tensor:
    # (count, channels): embedding of pixel centres of one axis that spans [-span, span].
    edge = span * (count - 1) / count
    positions = torch.linspace(-edge, edge, count, device=self.norm.weight.device)
    return self.sincos(positions, channels).to(self.norm.weight.dtype)


def uv_table(self, rows: int, columns: int, aspect: float, channels: int) -> Tensor:
    # (rows * columns, channels): the first half of the channels knows the column, the second the row.
    diagonal = (aspect ** 2 + 1.0) ** 0.5
    x = self.uv_rows(columns, aspect / diagonal, channels // 2).unsqueeze(0).expand(rows, -1, -1)
    y = self.uv_rows(rows, 1.0 / diagonal, channels // 2).unsqueeze(1).expand(-1, columns, -1)
    return torch.cat([x, y], -1).flatten(0, 1)


def tables(self, height: int, width: int) -> Dict[str, Tensor]:
    # uv0..3 (h * w, K): added to the projected tokens. uv_x (1, F / 4, 1, W), uv_y (1, F / 4, H, 1): to the last map.
    rows = height // self.patch
    columns = width // self.patch
    aspect = width / height
    diagonal = (aspect ** 2 + 1.0) ** 0.5
    channels = self.scratch.output_conv1.weight.size(0) // 2
    x = self.uv_rows(width, aspect / diagonal, channels)
    y = self.uv_rows(height, 1.0 / diagonal, channels)
    return {
        "uv0": self.uv_table(rows, columns, aspect, getattr(self.projects, "0").weight.size(0)),
        "uv1": self.uv_table(rows, columns, aspect, getattr(self.projects, "1").weight.size(0)),
        "uv2": self.uv_table(rows, columns, aspect, getattr(self.projects, "2").weight.size(0)),
        "uv3": self.uv_table(rows, columns, aspect, getattr(self.projects, "3").weight.size(0)),
        "uv_x": x.view(1, 1, width, channels).permute(0, 3, 1, 2),
        "uv_y": y.view(1, height, 1, channels).permute(0, 3, 1, 2)
    }


def project(self, feature: Tensor, weight: Tensor, bias: Tensor, uv: Tensor) -> Tensor:
    # (B, S, h * w, C) -> (B * S, h * w, K).
    x = torch.layer_norm(feature.flatten(0, 1), [feature.size(-1)], self.norm.weight, self.norm.bias, 1e-5)
    return torch.linear(x, weight.flatten(1), bias).add_(uv)


def neck(self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int) -> Tensor:
    p0 = getattr(self.projects, "0")
    p1 = getattr(self.projects, "1")
    p2 = getattr(self.projects, "2")
    p3 = getattr(self.projects, "3")
    levels = [
        self.project(features["feat0"], p0.weight, p0.bias, tables["uv0"]),
        self.project(features["feat1"], p1.weight, p1.bias, tables["uv1"]),
        self.project(features["feat2"], p2.weight, p2.bias, tables["uv2"]),
        self.project(features["feat3"], p3.weight, p3.bias, tables["uv3"])
    ]
    return self.fuse(levels, height // self.patch, width // self.patch)


def forward(self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    # Returns depth and depth_conf (B, S, H, W).
    B = features["feat0"].size(0)
    S = features["feat0"].size(1)
    neck = self.neck(features, tables, height, width)
    half = neck.size(1) // 2
    conv = getattr(self.scratch.output_conv2, "0")
    last = getattr(self.scratch.output_conv2, "2")
    depth: List[Tensor] = []
    confidence: List[Tensor] = []
    for i in range(B * S):  # One by one: this map is the largest of all.
        x = torch.upsample_bilinear2d(neck[i : i + 1], [height, width], True)
        x[:, :half].add_(tables["uv_x"])
        x[:, half:].add_(tables["uv_y"])
        x = torch.relu_(torch.conv2d(x, conv.weight, conv.bias, 1, 1))
        x = torch.exp(torch.conv2d(x, last.weight, last.bias))
        depth.append(x[0, 0])
        confidence.append(x[0, 1] + 1)
    return {
        "depth": torch.stack(depth).unflatten(0, [B, S]),
        "depth_conf": torch.stack(confidence).unflatten(0, [B, S])
    }
