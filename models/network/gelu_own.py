# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The exact (erf) GELU of da3 (src/engine/own_operators.hpp), in place.


def activated(self, x: Tensor) -> Tensor:
    return da3.gelu_(self.fc1.product(x), self.fc1.shift())
