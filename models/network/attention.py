# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Attention: its core in every variant, then the two layers around it, plain and with q/k norms and rotary embedding.


#: attend
# Methods of every attention: softmax(q k^T / sqrt(d)) v.


def attend(self, q: Tensor, k: Tensor, v: Tensor, use_sdpa: bool) -> Tensor:
    # q, k, v: (B, heads, N, d), any strides. Returns (B, N, heads * d).
    if use_sdpa:
        return self.fused(q, k, v)
    scores = torch.matmul(q * q.size(-1) ** -0.5, k.transpose(-2, -1))
    return torch.matmul(torch.softmax(scores, -1), v).transpose(1, 2).flatten(2)


#: attend_sdpa
# The fused attention of LibTorch.


def fused(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


#: attend_own
# The fused attention of da3 (src/engine/operators/own_operators.hpp).


def fused(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return da3.attention(q, k, v)


#: attend_own_bf16
# The fused attention of da3 whose products round their factors to bfloat16 (src/engine/operators/own_operators.hpp).


def fused(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return da3.attention_bf16(q, k, v)


#: attend_own_int8
# As attend_own_bf16, with queries and keys of 8 bits.


def fused(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return da3.attention_int8(q, k, v)


#: attention
# Attention of a DINOv2 block without q/k norms and rotary embedding.


def forward(
    self, x: Tensor, normed: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool
) -> Tensor:
    # x: (B * S, N, C), changed in place. Tokens of `views` views in a row attend to each other.
    BS, N, C = x.shape
    qkv = self.qkv.forward(normed)
    qkv = qkv.view(BS // views, views * N, 3, self.num_heads, C // self.num_heads)
    q, k, v = torch.unbind(qkv.permute(2, 0, 3, 1, 4), 0)
    return self.proj.add_to(x, self.attend(q, k, v, use_sdpa))


#: attention_rotary
# Attention with q/k norms and 2-D rotary position embedding.


def rotate(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    # x: (B * S, N, heads, d), contiguous, changed in place. Features i and i + d/4 of each half are a pair; `sin` holds
    # the minus sign of the first of a pair.
    BS, N, heads, d = x.shape
    partner = x.view(BS, N, heads, 2, 2, d // 4).flip([4]).view(BS, N, heads, d)
    return x.mul_(cos).addcmul_(partner, sin)


def forward(
    self, x: Tensor, normed: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool
) -> Tensor:
    # x: (B * S, N, C), changed in place; cos, sin: (N, 1, d). Tokens of `views` views in a row attend to each other.
    BS, N, C = x.shape
    heads = self.num_heads
    d = C // heads
    q, k, v = self.qkv.parts(normed, 3)
    q = torch.layer_norm(q.view(BS, N, heads, d), [d], self.q_norm.weight, self.q_norm.bias, 1e-5)
    k = torch.layer_norm(k.view(BS, N, heads, d), [d], self.k_norm.weight, self.k_norm.bias, 1e-5)
    scene = [BS // views, views * N, heads, d]
    q = self.rotate(q, cos, sin).view(scene).transpose(1, 2)
    k = self.rotate(k, cos, sin).view(scene).transpose(1, 2)
    return self.proj.add_to(x, self.attend(q, k, v.view(scene).transpose(1, 2), use_sdpa))


#: rotated
# Queries and keys with their norms and rotary embedding, and values, for attention_rotary_own.


def rotated(self, normed: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    # normed: (B * S, N, C). Returns (B * S, N, 3, heads, d).
    BS, N, C = normed.shape
    qkv = self.qkv.product(normed).view(BS, N, 3, self.num_heads, C // self.num_heads)
    return da3.norm_rotate_(qkv, self.qkv.shift(), self.q_norm.weight, self.q_norm.bias, self.k_norm.weight, self.k_norm.bias, cos, sin)


#: rotated_low
# As rotated, by one operator of da3 (src/engine/operators/low_products.hpp).


def rotated(self, normed: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    qkv = self.qkv
    return da3.product_rotated(
        normed, qkv.packed, qkv.bias, qkv.kind, self.num_heads, self.q_norm.weight, self.q_norm.bias, self.k_norm.weight,
        self.k_norm.bias, cos, sin, 1e-6, qkv.factors
    )


#: attention_rotary_own
# Attention with q/k norms and 2-D rotary position embedding by the operator of da3 (src/engine/operators/own_operators.hpp).


def forward(
    self, x: Tensor, normed: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool
) -> Tensor:
    # As in attention_rotary.
    BS, N, C = x.shape
    qkv = self.rotated(normed, cos, sin)
    qkv = qkv.view(BS // views, views * N, 3, self.num_heads, C // self.num_heads)
    q, k, v = torch.unbind(qkv.permute(2, 0, 3, 1, 4), 0)
    return self.proj.add_to(x, self.attend(q, k, v, use_sdpa))
