# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The backbones: what both share, the plain one, the any-view one. What needs no tensor of the module stands in a child
# without tensors, here and in the heads: for every method of a class LibTorch's compiler looks at all tensors below it.


#: grid
# What every DINOv2 backbone shares. Letters: B scenes, S views, P patches, N = 1 + P tokens, C width.


def positions(self, pos_embed: Tensor, rows: int, columns: int) -> Tensor:
    # (N, C): the position embedding, learned on a square grid, for a grid of rows x columns patches.
    side = int((pos_embed.size(1) - 1) ** 0.5)
    if rows == side and columns == side:
        return pos_embed[0]
    learned = pos_embed.to(6)  # float32
    grid = learned[:, 1:].view(1, side, side, -1).permute(0, 3, 1, 2)
    # The original resizes by a factor of (n + 0.1) / side, not to a size: other sample positions.
    scale = [(rows + 0.1) / side, (columns + 0.1) / side]
    grid = torch.upsample_bicubic2d(grid, None, False, scale)
    patches = grid.permute(0, 2, 3, 1).reshape(rows * columns, -1)
    return torch.cat([learned[0, :1], patches]).to(pos_embed.dtype)


#: patches
# What grid does with a picture, by LibTorch; dense() is there.


def tokens(self, image: Tensor, position: Tensor, weight: Tensor) -> Tensor:
    # image: (B, S, 3, H, W); position: (N, C); weight: (C, 3, p, p), of the patch embedding. Returns (B * S, N, C): class
    # token, then patches row by row, with positions.
    B, S, channels, H, W = image.shape
    p = weight.size(-1)
    rows = H // p
    columns = W // p
    x = image.reshape(B * S, channels, rows, p, columns, p).permute(0, 2, 4, 1, 3, 5)
    x = x.reshape(B * S, rows * columns, channels * p * p)
    patches = self.dense(x, weight.flatten(1), None).add_(position[1:])
    return torch.cat([position[:1].expand(B * S, -1, -1), patches], 1)


#: patches_low
# As patches, by one operator of da3, the weight packed for it (src/engine/operators/patch_tokens.hpp).


def tokens(self, image: Tensor, position: Tensor, weight: Tensor) -> Tensor:
    return da3.patch_tokens(image.contiguous(), position.contiguous(), weight, self.patch)


#: backbone_plain
# Backbone of the mono and metric models: plain DINOv2, every view for itself.


def tables(self, rows: int, columns: int) -> Dict[str, Tensor]:
    # position (N, C): what is added to every token: its position, with the class token or the bias of the patch embedding.
    table = self.grid.positions(self.pos_embed, rows, columns)
    return {"position": torch.cat([table[:1] + self.cls_token[0], table[1:] + self.patch_embed.proj.bias])}


def forward(self, image: Tensor, tables: Dict[str, Tensor], use_sdpa: bool) -> Dict[str, Tensor]:
    # Returns feat0..3 (B, S, P, C) after the final norm, cam0..3 (B, S, C) before it.
    B = image.size(0)
    S = image.size(1)
    x = self.grid.tokens(image, tables["position"], self.patch_embed.proj.weight)
    features: Dict[str, Tensor] = {}
    for i in range(self.num_blocks):
        x = self.blocks.forward(i, x, 1, x, x, use_sdpa)
        if i in self.out_layers:
            normed = torch.layer_norm(x, [x.size(-1)], self.norm.weight, self.norm.bias, 1e-5)
            level = str(len(features) // 2)
            features["feat" + level] = normed[:, 1:].unflatten(0, [B, S])
            features["cam" + level] = x[:, 0].clone().unflatten(0, [B, S])
    return features


#: views
# The order of a scene's views.


def spread(self, metric: Tensor) -> Tensor:
    # (B, S): distance from the middle of the scene's range.
    least = torch.amin(metric, [1], True)
    most = torch.amax(metric, [1], True)
    return torch.abs((metric - least) / (most - least + 1e-8) - 0.5)


def saddle_balanced(self, tokens: Tensor) -> Tensor:
    # tokens: (B, S, C) float32, token 0 of each view. Returns (B, 1): the view nearest to the middle in similarity, norm
    # and variance.
    length = torch.norm(tokens, 2, [-1], True)
    unit = tokens / length
    similarity = torch.matmul(unit, unit.transpose(1, 2)) - torch.eye(tokens.size(1), device=tokens.device)
    score = self.spread(torch.sum(similarity, [-1]) / (tokens.size(1) - 1))
    score = score + self.spread(length.squeeze(-1))
    score = score + self.spread(torch.var(unit, [-1], True))
    return torch.argmin(score, 1, True)


def saddle_sim_range(self, tokens: Tensor) -> Tensor:
    # As saddle_balanced: the view with the widest range of similarities to the others and 0. The two most similar views
    # tie but for rounding, so the first one within 1e-6 of the best is taken.
    unit = tokens / torch.norm(tokens, 2, [-1], True)
    similarity = torch.matmul(unit, unit.transpose(1, 2)) - torch.eye(tokens.size(1), device=tokens.device)
    score = torch.amax(similarity, [-1]) - torch.amin(similarity, [-1])
    best = score >= torch.amax(score, [1], True) - 1e-6
    number = torch.arange(tokens.size(1), device=tokens.device).expand_as(score)
    return torch.amin(torch.where(best, number, tokens.size(1)), [1], True)


def reference_first(self, tokens: Tensor, tables: Dict[str, Tensor]) -> Tensor:
    # tokens: (B, S, C), token 0 of each view. Returns (B, S), an order of the views of each scene: the reference first,
    # then the others as they were. tables["reference"], where it is, says which: a view's number, -1: saddle_balanced,
    # as without it, -2: saddle_sim_range.
    B, S, C = tokens.shape
    tokens = tokens.to(6)  # float32: views may be alike, and the scores are differences
    reference = self.saddle_balanced(tokens)
    if "reference" in tables:
        # Chosen without looking at the value, for which a device would be waited for.
        asked = tables["reference"]
        reference = torch.where(asked == -2, self.saddle_sim_range(tokens), reference)
        reference = torch.where(asked >= 0, asked, reference)
    position = torch.arange(S, device=tokens.device).expand(B, S)
    order = torch.where(position <= reference, position - 1, position)
    return torch.where(position == 0, reference, order)


def take(self, x: Tensor, order: Tensor) -> Tensor:
    # x: (B * S, ...); order: (B, S). Returns the views of each scene in that order.
    first = torch.arange(order.size(0), device=order.device).unsqueeze(1) * order.size(1)
    return torch.index_select(x, 0, (order + first).flatten())


#: rotary
# As grid, of the any-view models.


def rotary_tables(self, like: Tensor, d: int, rows: int, columns: int, prefix: str) -> Dict[str, Tensor]:
    # Cosines and sines (N, 1, d), of the type and on the device of `like`, for patches at (row + 1, column + 1) and token
    # 0 at (0, 0); in global blocks all patches are at (1, 1). The first half of d turns with the row, the second with the
    # column; base 100.
    device = like.device
    row = torch.arange(rows, device=device).repeat_interleave(columns)
    column = torch.arange(columns, device=device).repeat(rows)
    positions = torch.stack([row, column], 1) + 1
    if prefix == "global_":
        positions = torch.ones_like(positions)
    positions = torch.cat([torch.zeros_like(positions[:1]), positions])
    frequencies = 1.0 / torch.pow(100.0, torch.arange(0, d // 2, 2, device=device) / (d // 2))
    angles = positions.unsqueeze(2) * frequencies
    cos = torch.cos(angles)
    sin = torch.sin(angles)
    dtype = like.dtype
    return {
        prefix + "cos": torch.stack([cos, cos], 2).view(-1, 1, d).to(dtype),
        prefix + "sin": torch.stack([-sin, sin], 2).view(-1, 1, d).to(dtype)
    }


#: feature
# What the head takes of a block: the tokens but the first, beside their final norm, (B * S, N, C) twice to
# (B * S, P, 2 C). By LibTorch.


def feature(self, within: Tensor, x: Tensor) -> Tensor:
    normed = torch.layer_norm(x, [x.size(-1)], self.norm.weight, self.norm.bias, 1e-5)
    return torch.cat([within[:, 1:], normed[:, 1:]], -1)


#: feature_own
# As feature, by one operator of da3 (src/engine/operators/own_operators.hpp).


def feature(self, within: Tensor, x: Tensor) -> Tensor:
    return da3.beside_norm(within, x, self.norm.weight, self.norm.bias, 1e-5)


#: backbone_anyview
# Backbone of the any-view models: DINOv2 whose odd blocks, from alt_start on, attend over all views of a scene.


def tables(self, rows: int, columns: int) -> Dict[str, Tensor]:
    # position as in backbone_plain; cos and sin, global_cos and global_sin as in rotary_tables.
    grid = self.grid
    table = grid.positions(self.pos_embed, rows, columns)
    tables = {"position": torch.cat([table[:1] + self.cls_token[0], table[1:] + self.patch_embed.proj.bias])}
    d = self.pos_embed.size(-1) // self.num_heads
    tables.update(grid.rotary_tables(self.pos_embed, d, rows, columns, ""))
    tables.update(grid.rotary_tables(self.pos_embed, d, rows, columns, "global_"))
    return tables


def forward(self, image: Tensor, tables: Dict[str, Tensor], use_sdpa: bool) -> Dict[str, Tensor]:
    # Returns feat0..3 (B, S, P, 2 C): [latest within-view output, not normalised; this block's output after the final
    # norm], and cam0..3 (B, S, 2 C): the same two of token 0, neither normalised. With tables["reference"] and three
    # views or more also reference (B): the chosen view. With tables["camera_tokens"] (B, S, C), of given cameras, the
    # first view is the reference. With tables["layerI"] also layerI (B, S, P, C): the output of block I after the final
    # norm.
    B = image.size(0)
    S = image.size(1)
    x = self.grid.tokens(image, tables["position"], self.patch_embed.proj.weight)
    within = x
    order = torch.zeros([B, 0])
    posed = "camera_tokens" in tables
    taps = 0
    features: Dict[str, Tensor] = {}
    for i in range(self.num_blocks):
        if i == self.alt_start - 1 and S >= 3 and not posed:
            order = self.views.reference_first(x[:, 0].unflatten(0, [B, S]), tables)
            x = self.views.take(x, order)
        if i == self.alt_start:
            scenes = x.unflatten(0, [B, S])
            if posed:
                scenes[:, :, 0] = tables["camera_tokens"].to(x.dtype)
            else:
                scenes[:, 0, 0] = self.camera_token[0, 0]
                scenes[:, 1:, 0] = self.camera_token[0, 1]
        if i >= self.alt_start and i % 2 == 1:
            if i in self.out_layers:
                within = x.clone()  # Blocks change their input in place.
            x = self.blocks.forward(i, x, S, tables["global_cos"], tables["global_sin"], use_sdpa)
        else:
            x = self.blocks.forward(i, x, 1, tables["cos"], tables["sin"], use_sdpa)
            within = x
        if i in self.out_layers:
            feature = self.feature(within, x)
            camera = torch.cat([within[:, 0], x[:, 0]], -1)
            if order.size(1) > 0:
                restore = torch.argsort(order, 1)
                feature = self.views.take(feature, restore)
                camera = self.views.take(camera, restore)
            level = str(taps)
            taps += 1
            features["feat" + level] = feature.unflatten(0, [B, S])
            features["cam" + level] = camera.unflatten(0, [B, S])
        if "layer" + str(i) in tables:
            layer = torch.layer_norm(x[:, 1:], [x.size(-1)], self.norm.weight, self.norm.bias, 1e-5)
            if order.size(1) > 0:
                layer = self.views.take(layer, torch.argsort(order, 1))
            features["layer" + str(i)] = layer.unflatten(0, [B, S])
    if "reference" in tables and order.size(1) > 0:
        features["reference"] = order[:, 0]
    return features
