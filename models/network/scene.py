# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The methods of exported files for scenes (docs/model-format.md, Scenes of foreign networks). da3 itself asks its own
# networks through their tables.


#: scene
# Of every network with cameras; tokens_of() and cameras_of() follow.


def scene(self, image: Tensor, cameras: Tensor, reference: int) -> Dict[str, Tensor]:
    # Returns what pose returns, the chosen view where one is, and the features that rays_with and gaussians_with take.
    height = image.size(3)
    width = image.size(4)
    tables = self.tables(height, width)
    if cameras.size(-1) > 0:
        tables["cameras"] = cameras
        tables["camera_tokens"] = self.tokens_of(cameras)
    else:
        tables["reference"] = torch.tensor([reference], device=image.device)
    features = self.features_with(image, tables)
    seen = self.decode_with(features, tables, height, width)
    seen.update(self.cameras_of(features, height, width))
    seen.update(features)
    return seen


#: scene_tokens
# With a camera encoder.


def tokens_of(self, cameras: Tensor) -> Tensor:
    return self.camera_tokens(cameras)


#: scene_no_tokens
# Without one.


def tokens_of(self, cameras: Tensor) -> Tensor:
    assert False, "this file has no camera encoder, which given cameras need"
    return cameras


#: scene_branch
# Of a network of one backbone and one head.


def cameras_of(self, features: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    return self.pose_with(features, height, width)


#: scene_branch_rays


def rays_with(self, features: Dict[str, Tensor], height: int, width: int) -> Tensor:
    tables = self.head.tables(height, width)
    tables["rays"] = features["feat0"]
    return self.head.forward(features, tables, height, width)["rays"]


#: scene_branch_gaussians


def gaussians_with(self, features: Dict[str, Tensor], image: Tensor, height: int, width: int) -> Tensor:
    seen = features.copy()
    seen["image"] = image
    return self.gaussians_of(seen, height, width)


#: scene_nested
# Of the nested network, whose decode_with has the cameras already.


def cameras_of(self, features: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    none: Dict[str, Tensor] = {}
    return none


#: scene_nested_rays


def rays_with(self, features: Dict[str, Tensor], height: int, width: int) -> Tensor:
    # In metres.
    tables = self.da3.head.tables(height, width)
    tables["rays"] = features["feat0"]
    rays = self.da3.head.forward(features, tables, height, width)["rays"]
    scale = features["scale"].view(-1, 1, 1, 1, 1)
    return torch.cat([rays[..., :3], rays[..., 3:6] * scale, rays[..., 6:]], -1)


#: scene_nested_gaussians


def gaussians_with(self, features: Dict[str, Tensor], image: Tensor, height: int, width: int) -> Tensor:
    # Of each the offset of its depth is to depth in metres, behind the rule for sky.
    seen = features.copy()
    seen["image"] = image
    raw = self.gaussians_of(seen, height, width)
    scale = features["scale"].view(-1, 1, 1, 1)
    offset = (features["relative_depth"] + raw[..., 36]) * scale - features["depth"]
    return torch.cat([raw[..., :36], offset.unsqueeze(-1), raw[..., 37:]], -1)
