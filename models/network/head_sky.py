# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# DPT of the mono and metric models: depth and sky, no token norm, no UV embedding.


def tables(self, height: int, width: int) -> Dict[str, Tensor]:
    return {
        "packed": self.tail.packed(getattr(self.scratch.output_conv2, "0").weight),
        "sky_packed": self.tail.packed(getattr(self.scratch.sky_output_conv2, "0").weight)
    }


def neck(self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int) -> Tensor:
    p0 = getattr(self.projects, "0")
    p1 = getattr(self.projects, "1")
    p2 = getattr(self.projects, "2")
    p3 = getattr(self.projects, "3")
    levels = [
        self.maps.dense(features["feat0"].flatten(0, 1), p0.weight.flatten(1), p0.bias),
        self.maps.dense(features["feat1"].flatten(0, 1), p1.weight.flatten(1), p1.bias),
        self.maps.dense(features["feat2"].flatten(0, 1), p2.weight.flatten(1), p2.bias),
        self.maps.dense(features["feat3"].flatten(0, 1), p3.weight.flatten(1), p3.bias)
    ]
    return self.fuse(levels, height // self.patch, width // self.patch)


def fill_sky(self, depth: Tensor, sky: Tensor) -> Tensor:
    # One scene, (S, H, W): sky gets the 0.99 quantile of the rest, if there are more than 10 pixels of each.
    ground = sky < 0.3
    rest = depth[ground]
    count = rest.size(0)
    if count <= 10 or depth.numel() - count <= 10:
        return depth
    return torch.where(ground, depth, self.quantile(rest, 0.99))


def forward(self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    # Returns depth, depth_raw (before the sky rule) and sky (B, S, H, W).
    B = features["feat0"].size(0)
    S = features["feat0"].size(1)
    neck = self.neck(features, tables, height, width)
    conv = getattr(self.scratch.output_conv2, "0")
    last = getattr(self.scratch.output_conv2, "2")
    sky_conv = getattr(self.scratch.sky_output_conv2, "0")
    sky_last = getattr(self.scratch.sky_output_conv2, "2")
    none = torch.empty([0])
    raw = self.tail.forward(neck, tables["packed"], conv.bias, none, last.weight, last.bias, height, width)
    raw = torch.exp_(raw)[:, 0].unflatten(0, [B, S])
    sky = self.tail.forward(neck, tables["sky_packed"], sky_conv.bias, none, sky_last.weight, sky_last.bias, height, width)
    sky = torch.relu_(sky)[:, 0].unflatten(0, [B, S])
    depth = torch.stack([self.fill_sky(raw[b], sky[b]) for b in range(B)])
    return {"depth": depth, "depth_raw": raw, "sky": sky}
