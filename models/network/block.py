# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# A block of the vision transformer and its feed-forward part: GELU between two layers, or gated.


#: block
# Block of the vision transformer. Scale and shift of its norms and its layer scales are folded into the weights next to
# them (tensor layout 2), so the norms only normalise and the residuals are part of the last products.


def forward(self, x: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool) -> Tensor:
    # x: (B * S, N, C), contiguous, changed in place. The epsilon is 1e-6 in these two norms only.
    x = self.attn.forward(x, self.normed(x), views, cos, sin, use_sdpa)
    return self.mlp.forward(x, self.normed(x))


#: norm
# The norm of a block's tokens by LibTorch.


def normed(self, x: Tensor) -> Tensor:
    return torch.layer_norm(x, [x.size(-1)], None, None, 1e-6)


#: norm_own
# The norm of a block's tokens by da3 (src/engine/operators/own_operators.hpp).


def normed(self, x: Tensor) -> Tensor:
    return da3.normed(x, 1e-6)


#: block_low
# As block, where the layers behind the norms norm their inputs themselves (linear_low_normed).


def forward(self, x: Tensor, views: int, cos: Tensor, sin: Tensor, use_sdpa: bool) -> Tensor:
    x = self.attn.forward(x, x, views, cos, sin, use_sdpa)
    return self.mlp.forward(x, x)


#: gelu
# The exact (erf) GELU of LibTorch, in place.


def activated(self, x: Tensor) -> Tensor:
    return torch.gelu_(self.fc1.forward(x))


#: gelu_own
# The exact (erf) GELU of da3 (src/engine/operators/own_operators.hpp), in place.


def activated(self, x: Tensor) -> Tensor:
    return da3.gelu_(self.fc1.product(x), self.fc1.shift())


#: gelu_fused
# The exact (erf) GELU as the end of the layer before (src/engine/operators/own_operators.hpp, low_products.hpp).


def activated(self, x: Tensor) -> Tensor:
    return self.fc1.activated(x)


#: mlp
# Feed-forward part of a block: exact (erf) GELU between two linear layers.


def forward(self, x: Tensor, normed: Tensor) -> Tensor:
    # Adds to x, in place.
    return self.fc2.add_to(x, self.activated(normed))


#: mlp_low
# As mlp of the norm of x (without scale and shift, epsilon 1e-6), by one operator of da3
# (src/engine/operators/low_products.hpp).


def forward(self, x: Tensor, normed: Tensor) -> Tensor:
    return da3.low_mlp_(x, self.fc1.packed, self.fc1.bias, self.fc2.packed, self.fc2.bias, self.fc1.kind, 1e-6, self.fc1.factors, self.fc2.factors)


#: swiglu
# Gated feed-forward part of a block (ViT-g): silu(a) * b.


def forward(self, x: Tensor, normed: Tensor) -> Tensor:
    # Adds to x, in place.
    gate, value = self.w12.parts(normed, 2)
    return self.w3.add_to(x, torch.silu_(gate).mul_(value))
