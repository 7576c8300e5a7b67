# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The nested network: depth and cameras of an any-view branch, brought to metres by a metric branch. Entries of the
# metric branch are named "metric_...". Source: NestedDepthAnything3Net and utils/alignment.py of the original.


#: network_nested
# The contract's parts; camera_tokens() and gaussians_of() follow.


def tables(self, height: int, width: int) -> Dict[str, Tensor]:
    # Everything that depends on the shape alone; a caller may keep it.
    patch = self.da3.head.patch
    assert height % patch == 0 and width % patch == 0 and height > 0 and width > 0, \
        "height {} and width {} must be multiples of {}".format(height, width, patch)
    rows = height // patch
    columns = width // patch
    tables = self.da3.backbone.pretrained.tables(rows, columns)
    for key, value in self.da3_metric.backbone.pretrained.tables(rows, columns).items():
        tables["metric_" + key] = value
    tables.update(self.head_tables(height, width))
    return tables


def head_tables(self, height: int, width: int) -> Dict[str, Tensor]:
    tables = self.da3.head.tables(height, width)
    for key, value in self.da3_metric.head.tables(height, width).items():
        tables["metric_" + key] = value
    return tables


def metric_part(self, entries: Dict[str, Tensor]) -> Dict[str, Tensor]:
    part: Dict[str, Tensor] = {}
    for key, value in entries.items():
        if key.startswith("metric_"):
            part[key[7:]] = value
    return part


def features_with(self, image: Tensor, tables: Dict[str, Tensor]) -> Dict[str, Tensor]:
    features = self.da3.backbone.pretrained.forward(image, tables, self.use_sdpa)
    metric = self.da3_metric.backbone.pretrained.forward(image, self.metric_part(tables), self.use_sdpa)
    for key, value in metric.items():
        features["metric_" + key] = value
    if "gaussians" in tables:
        features["image"] = image
    return features


def align(
    self, depth: Tensor, confidence: Tensor, metric: Tensor, sky: Tensor
) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    # One scene, each (S, H, W). Returns depth in metres, confidence, and the scale: the least squares one between the
    # branches over the surer half of what is no sky. Sky gets the 0.99 quantile of the rest, at most 200 m, and
    # confidence 1. Also (S) what each view adds to the scale, and that quantile.
    ground = sky < 0.3
    if int(ground.sum()) <= 10:  # Nothing but sky: the original stops here.
        ground = torch.ones_like(ground)
    sure = ground & (confidence >= self.quantile(confidence[ground], 0.5)) & (metric > 1e-2) & (depth > 1e-3)
    x = depth[sure]
    squares = torch.clamp_min(torch.sum(x * x), 1e-12)
    scale = torch.sum(x * metric[sure]) / squares
    shares = torch.sum(torch.where(sure, depth * metric, 0.0).flatten(1), 1) / squares
    depth = depth * scale
    far = self.quantile(depth[ground], 0.99)
    depth = torch.where(ground, depth, torch.clamp_max(far, 200.0))
    return depth, torch.where(ground, confidence, 1.0), scale, shares, far


def decode_with(
    self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int
) -> Dict[str, Tensor]:
    # Returns depth (metres), depth_conf and sky (B, S, H, W), extrinsics (translations in metres) and intrinsics;
    # relative_depth (B, S, H, W), what depth was before scale (B) and the rule for sky; rays in the unit before.
    # scale_shares (B, S): what each view adds to the scale, in proportion to its focal length; far (B): metres that sky
    # gets where they are below 200.
    own = self.da3.head.forward(features, tables, height, width)
    cameras = self.da3.cam_dec.forward(features["cam3"], height, width)
    metric = self.da3_metric.head.forward(self.metric_part(features), self.metric_part(tables), height, width)
    intrinsics = cameras["intrinsics"]
    focal = (intrinsics[..., 0, 0] + intrinsics[..., 1, 1]) / 2.0
    if "cameras" in tables:  # Given ones say better how far a metre is.
        half = torch.tan(tables["cameras"][..., 7:] / 2.0)
        focal = (height / half[..., 0] + width / half[..., 1]) / 4.0
    metres = metric["depth"] * (focal / 300.0).unsqueeze(-1).unsqueeze(-1)
    depths: List[Tensor] = []
    confidences: List[Tensor] = []
    scales: List[Tensor] = []
    all_shares: List[Tensor] = []
    fars: List[Tensor] = []
    for b in range(metres.size(0)):
        depth, confidence, scale, shares, far = self.align(own["depth"][b], own["depth_conf"][b], metres[b], metric["sky"][b])
        depths.append(depth)
        confidences.append(confidence)
        scales.append(scale)
        all_shares.append(shares)
        fars.append(far)
    rotation, translation = torch.split_with_sizes(cameras["extrinsics"], [3, 1], -1)
    translation = translation * torch.stack(scales).view(-1, 1, 1, 1)
    own["relative_depth"] = own["depth"]
    own["depth"] = torch.stack(depths)
    own["depth_conf"] = torch.stack(confidences)
    own["sky"] = metric["sky"]
    own["extrinsics"] = torch.cat([rotation, translation], -1)
    own["intrinsics"] = intrinsics
    own["scale"] = torch.stack(scales)
    own["scale_shares"] = torch.stack(all_shares)
    own["far"] = torch.stack(fars)
    return own


#: contract_nested
# As contract_branch and contract_pose.


def decode(self, features: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    return self.decode_with(features, self.head_tables(height, width), height, width)


def pose(self, image: Tensor) -> Dict[str, Tensor]:
    # The scale in metres needs the cameras, so forward has them as well.
    return self.forward(image)


#: nested_cameras
# As network_cameras.


def camera_tokens(self, cameras: Tensor) -> Tensor:
    return self.da3.cam_enc.forward(cameras)


#: nested_gaussians
# As network_gaussians.


def gaussians_of(self, features: Dict[str, Tensor], height: int, width: int) -> Tensor:
    return self.da3.gs_head.forward(features, height, width)
