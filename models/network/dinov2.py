# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# What every DINOv2 backbone shares: patches to tokens. Letters: B scenes, S views, P patches, N = 1 + P tokens, C width.


def position_table(self, rows: int, columns: int) -> Tensor:
    # (N, C): what is added to every token: its position, with the class token or the bias of the patch embedding.
    table = self.positions(rows, columns)
    return torch.cat([table[:1] + self.cls_token[0], table[1:] + self.patch_embed.proj.bias])


def positions(self, rows: int, columns: int) -> Tensor:
    # (N, C): the position embedding, learned on a square grid, for a grid of rows x columns patches.
    side = int((self.pos_embed.size(1) - 1) ** 0.5)
    if rows == side and columns == side:
        return self.pos_embed[0]
    learned = self.pos_embed.to(6)  # float32
    grid = learned[:, 1:].view(1, side, side, -1).permute(0, 3, 1, 2)
    # The original resizes by a factor of (n + 0.1) / side, not to a size: other sample positions.
    scale = [(rows + 0.1) / side, (columns + 0.1) / side]
    grid = torch.upsample_bicubic2d(grid, None, False, scale)
    patches = grid.permute(0, 2, 3, 1).reshape(rows * columns, -1)
    return torch.cat([learned[0, :1], patches]).to(self.pos_embed.dtype)


def tokens(self, image: Tensor, position: Tensor) -> Tensor:
    # image: (B, S, 3, H, W). Returns (B * S, N, C): class token, then patches row by row, with positions.
    B, S, channels, H, W = image.shape
    p = self.patch
    rows = H // p
    columns = W // p
    x = image.reshape(B * S, channels, rows, p, columns, p).permute(0, 2, 4, 1, 3, 5)
    x = x.reshape(B * S, rows * columns, channels * p * p)
    patches = self.dense(x, self.patch_embed.proj.weight.flatten(1), None).add_(position[1:])
    return torch.cat([position[:1].expand(B * S, -1, -1), patches], 1)
