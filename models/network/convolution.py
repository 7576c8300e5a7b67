# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# 3x3 convolutions of a head and the residual unit that is made of two.


#: conv3
# A 3x3 convolution of a head, stride 1.


def forward(self, x: Tensor) -> Tensor:
    return torch.conv2d(x, self.weight, self.bias, 1, 1)


def after_relu(self, x: Tensor) -> Tensor:
    return self.forward(torch.relu(x))


def after_relu_plus(self, x: Tensor, residual: Tensor) -> Tensor:
    # Takes x over.
    return self.forward(torch.relu_(x)).add_(residual)


def of_upsampled(self, x: Tensor, height: int, width: int) -> Tensor:
    # Bilinear (align_corners), then the convolution.
    return self.forward(torch.upsample_bilinear2d(x, [height, width], True))


#: conv3_own
# A 3x3 convolution of a head by the operator of da3 (src/engine/operators/own_operators.hpp).


def forward(self, x: Tensor) -> Tensor:
    return da3.conv3(x, self.weight, self.packed, self.bias, False, None)


def after_relu(self, x: Tensor) -> Tensor:
    return da3.conv3(x, self.weight, self.packed, self.bias, True, None)


def after_relu_plus(self, x: Tensor, residual: Tensor) -> Tensor:
    return da3.conv3(x, self.weight, self.packed, self.bias, True, residual)


def of_upsampled(self, x: Tensor, height: int, width: int) -> Tensor:
    # As in conv3; the upsampled map never exists.
    return da3.conv3_upsampled(x, self.weight, self.packed, self.bias, height, width)


#: conv3_low
# A 3x3 convolution of a head with codes of low_kind (src/engine/operators/low_products.hpp).


def forward(self, x: Tensor) -> Tensor:
    return da3.low_conv3(x, self.packed, self.bias, self.low_kind(), 1, False, None)


def after_relu(self, x: Tensor) -> Tensor:
    return da3.low_conv3(x, self.packed, self.bias, self.low_kind(), 1, True, None)


def after_relu_plus(self, x: Tensor, residual: Tensor) -> Tensor:
    return da3.low_conv3(x, self.packed, self.bias, self.low_kind(), 1, True, residual)


def of_upsampled(self, x: Tensor, height: int, width: int) -> Tensor:
    # As in conv3.
    return self.forward(torch.upsample_bilinear2d(x, [height, width], True))


#: residual_unit
# Two 3x3 convolutions with a residual. x: (B * S, C, h, w), channels last, kept.


def forward(self, x: Tensor) -> Tensor:
    return self.conv2.after_relu_plus(self.conv1.after_relu(x), x)
