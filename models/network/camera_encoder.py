# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Camera encoder: given cameras to what token 0 of each view becomes. float32 always; a scene has few views.


#: encoder_block
# A block over the views of a scene. Scale and shift of its norms and its layer scales are folded into the weights next
# to them (tensor layout 2).


def forward(self, x: Tensor) -> Tensor:
    # x: (B, S, C). The epsilon is 1e-5 here.
    B, S, C = x.shape
    heads = self.num_heads
    normed = torch.layer_norm(x, [C], None, None, 1e-5)
    qkv = torch.linear(normed, self.attn.qkv.weight, self.attn.qkv.bias).view(B, S, 3, heads, C // heads)
    q, k, v = torch.unbind(qkv.permute(2, 0, 3, 1, 4), 0)
    weights = torch.softmax(torch.matmul(q * (C // heads) ** -0.5, k.transpose(-2, -1)), -1)
    mixed = torch.matmul(weights, v).transpose(1, 2).flatten(2)
    x = x + torch.linear(mixed, self.attn.proj.weight, self.attn.proj.bias)
    normed = torch.layer_norm(x, [C], None, None, 1e-5)
    hidden = torch.gelu_(torch.linear(normed, self.mlp.fc1.weight, self.mlp.fc1.bias))
    return x + torch.linear(hidden, self.mlp.fc2.weight, self.mlp.fc2.bias)


#: camera_encoder
# The encoder; through_trunk() runs its blocks.


def forward(self, cameras: Tensor) -> Tensor:
    # cameras: (B, S, 9) float32: centre, quaternion xyzw of world_from_camera (w >= 0), vertical and horizontal field of
    # view in radians, in the world of the first view. Returns (B, S, C).
    branch = self.pose_branch
    x = torch.gelu_(torch.linear(cameras, branch.fc1.weight, branch.fc1.bias))
    x = torch.linear(x, branch.fc2.weight, branch.fc2.bias)
    x = torch.layer_norm(x, [x.size(-1)], self.token_norm.weight, self.token_norm.bias, 1e-5)
    x = self.through_trunk(x)
    return torch.layer_norm(x, [x.size(-1)], self.trunk_norm.weight, self.trunk_norm.bias, 1e-5)
