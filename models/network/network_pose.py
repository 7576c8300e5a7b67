# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Cameras, for networks that have a camera decoder.


def pose_with(self, features: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    # Returns extrinsics (B, S, 3, 4), camera_from_world, and intrinsics (B, S, 3, 3) in pixels.
    return self.cam_dec.forward(features["cam3"], height, width)


def pose(self, image: Tensor) -> Dict[str, Tensor]:
    # Returns what forward returns, and the cameras.
    tables = self.tables(image.size(3), image.size(4))
    features = self.features_with(image, tables)
    result = self.decode_with(features, tables, image.size(3), image.size(4))
    result.update(self.pose_with(features, image.size(3), image.size(4)))
    return result
