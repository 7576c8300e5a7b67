# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Gaussian head: a pyramid of its own over the same features, joined by the photo itself.


def project(self, feature: Tensor, weight: Tensor, bias: Tensor, rows: int, columns: int, aspect: float) -> Tensor:
    # (n, h * w, C) -> (n, h * w, K), with positions. The features are not normalised here.
    return self.maps.dense(feature, weight.flatten(1), None).add_(self.uv.table(rows, columns, aspect, bias))


def merged(self, image: Tensor) -> Tensor:
    # (n, 3, H, W), normalised -> (n, F / 2, H, W).
    first = getattr(self.images_merger, "0")
    second = getattr(self.images_merger, "2")
    third = getattr(self.images_merger, "4")
    x = torch.gelu_(torch.conv2d(image, first.weight, first.bias, 1, 1))
    x = torch.gelu_(torch.conv2d(x, second.weight, second.bias, 1, 1))
    return torch.gelu_(torch.conv2d(x, third.weight, third.bias, 1, 1))


def forward(self, features: Dict[str, Tensor], height: int, width: int) -> Tensor:
    # features: with "image" (B, S, 3, H, W), normalised. Returns (B, S, H, W, K): K - 1 raw numbers of each pixel's
    # Gaussian, then its opacity, 0..1.
    B = features["feat0"].size(0)
    S = features["feat0"].size(1)
    rows = height // self.patch
    columns = width // self.patch
    aspect = width / height
    p0 = getattr(self.projects, "0")
    p1 = getattr(self.projects, "1")
    p2 = getattr(self.projects, "2")
    p3 = getattr(self.projects, "3")
    neck = self.fuse([
        self.project(features["feat0"].flatten(0, 1), p0.weight, p0.bias, rows, columns, aspect),
        self.project(features["feat1"].flatten(0, 1), p1.weight, p1.bias, rows, columns, aspect),
        self.project(features["feat2"].flatten(0, 1), p2.weight, p2.bias, rows, columns, aspect),
        self.project(features["feat3"].flatten(0, 1), p3.weight, p3.bias, rows, columns, aspect)
    ], rows, columns)
    image = features["image"].flatten(0, 1)
    conv = getattr(self.scratch.output_conv2, "0")
    last = getattr(self.scratch.output_conv2, "2")
    maps: List[Tensor] = []
    for i in range(neck.size(0)):  # One by one: these are the largest maps of all.
        x = torch.upsample_bilinear2d(neck[i : i + 1], [height, width], True)
        x = self.uv.add(x.add_(self.merged(image[i : i + 1])), aspect)
        x = torch.relu_(torch.conv2d(x, conv.weight, conv.bias, 1, 1))
        x = torch.conv2d(x, last.weight, last.bias).permute(0, 2, 3, 1)
        maps.append(torch.cat([x[..., :-1], torch.sigmoid(x[..., -1:])], -1))
    return torch.cat(maps).unflatten(0, [B, S])
