# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# As dense.py, by oneDNN.


def dense(self, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
    return mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
