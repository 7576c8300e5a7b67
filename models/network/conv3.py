# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# A 3x3 convolution of a head, stride 1.


def forward(self, x: Tensor) -> Tensor:
    return torch.conv2d(x, self.weight, self.bias, 1, 1)


def after_relu(self, x: Tensor) -> Tensor:
    return self.forward(torch.relu(x))


def after_relu_plus(self, x: Tensor, residual: Tensor) -> Tensor:
    # Takes x over.
    return self.forward(torch.relu_(x)).add_(residual)
