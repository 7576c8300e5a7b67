# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Camera decoder: token 0 of the last tapped block to a camera for each view.


def encode(self, token: Tensor) -> Tensor:
    # token: (B, S, C), not normalised. Returns (B, S, 9): translation, quaternion xyzw, vertical and horizontal field
    # of view in radians, of world_from_camera.
    first = getattr(self.backbone, "0")
    second = getattr(self.backbone, "2")
    x = torch.relu_(torch.linear(token, first.weight, first.bias))
    x = torch.relu_(torch.linear(x, second.weight, second.bias))
    fov = getattr(self.fc_fov, "0")
    translation = torch.linear(x, self.fc_t.weight, self.fc_t.bias)
    quaternion = torch.linear(x, self.fc_qvec.weight, self.fc_qvec.bias)
    return torch.cat([translation, quaternion, torch.relu_(torch.linear(x, fov.weight, fov.bias))], -1)


def forward(self, token: Tensor, height: int, width: int) -> Dict[str, Tensor]:
    # Returns extrinsics (B, S, 3, 4), camera_from_world, and intrinsics (B, S, 3, 3) in pixels of (H, W).
    encoding = self.encode(token).to(6)  # float32
    quaternion = encoding[..., 3:7]
    i, j, k, r = torch.unbind(quaternion, -1)
    s = 2.0 / torch.sum(quaternion * quaternion, [-1])
    # Transposed: the rotation of camera_from_world.
    rotation = torch.stack([
        1 - s * (j * j + k * k), s * (i * j + k * r), s * (i * k - j * r),
        s * (i * j - k * r), 1 - s * (i * i + k * k), s * (j * k + i * r),
        s * (i * k + j * r), s * (j * k - i * r), 1 - s * (i * i + j * j)
    ], -1).unflatten(-1, [3, 3])
    translation = -torch.matmul(rotation, encoding[..., :3].unsqueeze(-1))
    half = torch.clamp_min(torch.tan(encoding[..., 7:] / 2.0), 1e-6)
    intrinsics = torch.zeros_like(rotation)
    intrinsics[..., 0, 0] = (width / 2.0) / half[..., 1]
    intrinsics[..., 1, 1] = (height / 2.0) / half[..., 0]
    # Assigning a number would copy it from the host, on which a device waits and which cannot be recorded.
    intrinsics[..., 0, 2].fill_(width / 2.0)
    intrinsics[..., 1, 2].fill_(height / 2.0)
    intrinsics[..., 2, 2].fill_(1.0)
    return {"extrinsics": torch.cat([rotation, translation], -1), "intrinsics": intrinsics}
