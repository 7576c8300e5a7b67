# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# DualDPT: depth and confidence, and with its second half the rays of each view.


#: head_dual
# Depth and confidence; more() has what else the head gives of the same maps.


def last_table(self, height: int, width: int) -> Tensor:
    # The last 3x3 convolution of the embedding of the last map, and its bias, as last_stage wants it. Each half of the
    # embedding changes along one axis only, so three rows and three columns hold every border case.
    conv = getattr(self.scratch.output_conv2, "0")
    aspect = width / height
    diagonal = (aspect**2 + 1.0) ** 0.5
    half = conv.weight.size(1) // 2
    x = self.uv.axis(width, aspect / diagonal, half, conv.bias).t().view(1, half, 1, width).expand(-1, -1, 3, -1)
    y = self.uv.axis(height, 1.0 / diagonal, half, conv.bias).t().view(1, half, height, 1).expand(-1, -1, -1, 3)
    x = torch.conv2d(x, conv.weight[:, :half], conv.bias, 1, 1)[0].permute(1, 2, 0)
    y = torch.conv2d(y, conv.weight[:, half:], None, 1, 1)[0].permute(1, 2, 0)
    return self.tail.border_table(x, y)


def tables(self, height: int, width: int) -> Dict[str, Tensor]:
    # uv0..3 (h * w, K): added to the projected tokens. last: added behind the last 3x3 convolution, whose weight is in
    # packed.
    rows = height // self.patch
    columns = width // self.patch
    aspect = width / height
    return {
        "uv0": self.uv.table(rows, columns, aspect, getattr(self.projects, "0").bias),
        "uv1": self.uv.table(rows, columns, aspect, getattr(self.projects, "1").bias),
        "uv2": self.uv.table(rows, columns, aspect, getattr(self.projects, "2").bias),
        "uv3": self.uv.table(rows, columns, aspect, getattr(self.projects, "3").bias),
        "last": self.last_table(height, width),
        "packed": self.tail.packed(getattr(self.scratch.output_conv2, "0").weight)
    }


def projected(self, features: Dict[str, Tensor], tables: Dict[str, Tensor]) -> List[Tensor]:
    # The four features with positions: (B, S, h * w, C) to (B * S, h * w, K) each. Scale and shift of the norm are in weight
    # and bias (tensor layout 2).
    maps = self.maps
    p0 = getattr(self.projects, "0")
    p1 = getattr(self.projects, "1")
    p2 = getattr(self.projects, "2")
    p3 = getattr(self.projects, "3")
    return [
        maps.dense_of_norm(features["feat0"].flatten(0, 1), p0.weight.flatten(1)).add_(tables["uv0"]),
        maps.dense_of_norm(features["feat1"].flatten(0, 1), p1.weight.flatten(1)).add_(tables["uv1"]),
        maps.dense_of_norm(features["feat2"].flatten(0, 1), p2.weight.flatten(1)).add_(tables["uv2"]),
        maps.dense_of_norm(features["feat3"].flatten(0, 1), p3.weight.flatten(1)).add_(tables["uv3"])
    ]


def forward(self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    # Returns depth and depth_conf (B, S, H, W), and what more() gives.
    B = features["feat0"].size(0)
    S = features["feat0"].size(1)
    rows = height // self.patch
    columns = width // self.patch
    laterals = self.laterals(self.projected(features, tables), rows, columns)
    outputs: Dict[str, Tensor] = {}
    for key, value in self.more(laterals, tables, rows, columns, width / height).items():
        outputs[key] = value.unflatten(0, [B, S])
    neck = self.merge(laterals, rows, columns)
    last = getattr(self.scratch.output_conv2, "2")
    none = torch.zeros_like(getattr(self.scratch.output_conv2, "0").bias)  # The bias is in the table.
    maps = self.tail.forward(neck, tables["packed"], none, tables["last"], last.weight, last.bias, height, width)
    maps = torch.exp_(maps).unflatten(0, [B, S])
    outputs["depth"] = maps[:, :, 0].contiguous()
    outputs["depth_conf"] = maps[:, :, 1] + 1
    return outputs


#: no_rays
# A head without its second half.


def more(
    self, laterals: List[Tensor], tables: Dict[str, Tensor], rows: int, columns: int, aspect: float
) -> Dict[str, Tensor]:
    none: Dict[str, Tensor] = {}
    return none


#: rays
# The second half of the head: a pyramid beside that of depth, from the same maps.


def more(
    self, laterals: List[Tensor], tables: Dict[str, Tensor], rows: int, columns: int, aspect: float
) -> Dict[str, Tensor]:
    # laterals: kept. Where tables has "rays": rays (B * S, 8 h, 8 w, 7), of each its direction and its origin in the
    # world and its confidence, above 1.
    outputs: Dict[str, Tensor] = {}
    if "rays" in tables:
        scratch = self.scratch
        y = scratch.refinenet4_aux.forward(laterals[3], rows, columns)
        y = scratch.refinenet3_aux.forward(y, laterals[2], 2 * rows, 2 * columns)
        y = scratch.refinenet2_aux.forward(y, laterals[1], 4 * rows, 4 * columns)
        y = scratch.refinenet1_aux.forward(y, laterals[0], 8 * rows, 8 * columns)
        # The head has four levels; only the last one is used.
        first = getattr(scratch.output_conv1_aux, "3")
        y = getattr(first, "0").forward(y)
        y = getattr(first, "1").forward(y)
        y = getattr(first, "2").forward(y)
        y = getattr(first, "3").forward(y)
        y = self.uv.add(getattr(first, "4").forward(y), aspect)
        second = getattr(scratch.output_conv2_aux, "3")
        conv = getattr(second, "0")
        last = getattr(second, "5")
        norm = getattr(getattr(scratch.output_conv2_aux, "0"), "2")  # One norm for all levels
        y = torch.conv2d(y, conv.weight, conv.bias, 1, 1).permute(0, 2, 3, 1)
        y = torch.relu_(torch.layer_norm(y, [y.size(-1)], norm.weight, norm.bias, 1e-5))
        y = torch.linear(y, last.weight.flatten(1), last.bias)
        outputs["rays"] = torch.cat([y[..., :6], torch.exp(y[..., 6:]) + 1], -1)
    return outputs
