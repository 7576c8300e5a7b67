# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Fusion block of the coarsest level: nothing to merge.


def forward(self, lateral: Tensor, height: int, width: int) -> Tensor:
    return self.resize(lateral, height, width)
