# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Backbone of the mono and metric models: plain DINOv2, every view for itself.


def tables(self, rows: int, columns: int) -> Dict[str, Tensor]:
    return {"position": self.position_table(rows, columns)}


def forward(self, image: Tensor, tables: Dict[str, Tensor], use_sdpa: bool) -> Dict[str, Tensor]:
    # Returns feat0..3 (B, S, P, C) after the final norm, cam0..3 (B, S, C) before it.
    B = image.size(0)
    S = image.size(1)
    x = self.tokens(image, tables["position"])
    features: Dict[str, Tensor] = {}
    for i in range(self.num_blocks):
        x = self.blocks.forward(i, x, 1, x, x, use_sdpa)
        if i in self.out_layers:
            normed = torch.layer_norm(x, [x.size(-1)], self.norm.weight, self.norm.bias, 1e-5)
            level = str(len(features) // 2)
            features["feat" + level] = normed[:, 1:].unflatten(0, [B, S])
            features["cam" + level] = x[:, 0].clone().unflatten(0, [B, S])
    return features
