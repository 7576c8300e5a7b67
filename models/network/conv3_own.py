# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# A 3x3 convolution of a head by the operator of da3 (src/engine/own_operators.hpp).


def forward(self, x: Tensor) -> Tensor:
    return da3.conv3(x, self.weight, self.packed, self.bias, False, None)


def after_relu(self, x: Tensor) -> Tensor:
    return da3.conv3(x, self.weight, self.packed, self.bias, True, None)


def after_relu_plus(self, x: Tensor, residual: Tensor) -> Tensor:
    return da3.conv3(x, self.weight, self.packed, self.bias, True, residual)
