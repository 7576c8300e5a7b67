# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Last stage of a head by the operator of da3 (src/engine/own_operators.hpp): in tiles, so the upsampled map never exists.


def packed(self, weight: Tensor) -> Tensor:
    return da3.pack_winograd(weight)


def last_stage(
    self, neck: Tensor, packed: Tensor, bias: Tensor, table: Tensor, weight: Tensor, last_bias: Tensor, height: int, width: int
) -> Tensor:
    # As in last_stage.py.
    return da3.depth_tail(neck, packed, bias, table, weight, last_bias, height, width)
