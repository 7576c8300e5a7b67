# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The exact (erf) GELU of LibTorch, in place.


def activated(self, x: Tensor) -> Tensor:
    return torch.gelu_(self.fc1.forward(x))
