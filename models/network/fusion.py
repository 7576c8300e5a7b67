# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Fusion block: merges a level into what comes from the coarser ones. Takes `top` over.


def forward(self, top: Tensor, lateral: Tensor, height: int, width: int) -> Tensor:
    return self.resize(top.add_(self.resConfUnit1.forward(lateral)), height, width)
