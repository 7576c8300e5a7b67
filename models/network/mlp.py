# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Feed-forward part of a block: exact (erf) GELU between two linear layers.


def forward(self, x: Tensor, normed: Tensor) -> Tensor:
    # Adds to x, in place.
    return self.fc2.add_to(x, self.activated(normed))
