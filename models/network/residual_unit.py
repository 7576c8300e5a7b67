# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Two 3x3 convolutions with a residual. x: (B * S, C, h, w), channels last, kept.


def forward(self, x: Tensor) -> Tensor:
    return self.conv2.after_relu_plus(self.conv1.after_relu(x), x)
