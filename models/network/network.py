# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The networks of one backbone and one head, behind the contract of docs/model-format.md.


#: contract
# What the contract of docs/model-format.md wants besides tables, features_with and decode_with, which da3 itself calls.


def features(self, image: Tensor) -> Dict[str, Tensor]:
    return self.features_with(image, self.tables(image.size(3), image.size(4)))


def forward(self, image: Tensor) -> Dict[str, Tensor]:
    tables = self.tables(image.size(3), image.size(4))
    return self.decode_with(self.features_with(image, tables), tables, image.size(3), image.size(4))


#: network_branch
# A network of one backbone and one head.


def tables(self, height: int, width: int) -> Dict[str, Tensor]:
    # Everything that depends on the shape alone; a caller may keep it.
    patch = self.head.patch
    assert height % patch == 0 and width % patch == 0 and height > 0 and width > 0, \
        "height {} and width {} must be multiples of {}".format(height, width, patch)
    tables = self.backbone.pretrained.tables(height // patch, width // patch)
    tables.update(self.head.tables(height, width))
    return tables


def features_with(self, image: Tensor, tables: Dict[str, Tensor]) -> Dict[str, Tensor]:
    features = self.backbone.pretrained.forward(image, tables, self.use_sdpa)
    if "gaussians" in tables:
        features["image"] = image
    return features


def decode_with(
    self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int
) -> Dict[str, Tensor]:
    return self.head.forward(features, tables, height, width)


#: contract_branch
# The same, of a network of one backbone and one head.


def decode(self, features: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    return self.decode_with(features, self.head.tables(height, width), height, width)


#: network_pose
# Cameras, for networks that have a camera decoder.


def pose_with(self, features: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    # Returns extrinsics (B, S, 3, 4), camera_from_world, and intrinsics (B, S, 3, 3) in pixels.
    return self.cam_dec.forward(features["cam3"], height, width)


#: contract_pose
# The same, with cameras.


def pose(self, image: Tensor) -> Dict[str, Tensor]:
    # Returns what forward returns, and the cameras.
    tables = self.tables(image.size(3), image.size(4))
    features = self.features_with(image, tables)
    result = self.decode_with(features, tables, image.size(3), image.size(4))
    result.update(self.pose_with(features, image.size(3), image.size(4)))
    return result


#: network_cameras
# Given cameras, for networks that have a camera encoder: what tables["camera_tokens"] has to be.


def camera_tokens(self, cameras: Tensor) -> Tensor:
    # (B, S, 9), as the encoder takes them -> (B, S, C).
    return self.cam_enc.forward(cameras)


#: network_gaussians
# For networks that have a Gaussian head.


def gaussians_of(self, features: Dict[str, Tensor], height: int, width: int) -> Tensor:
    # (B, S, H, W, 38), as the head gives them.
    return self.gs_head.forward(features, height, width)
