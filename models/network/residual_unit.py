# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Two 3x3 convolutions with a residual. x: (B * S, C, h, w), channels last, kept.


def forward(self, x: Tensor) -> Tensor:
    y = torch.conv2d(torch.relu(x), self.conv1.weight, self.conv1.bias, 1, 1)
    return torch.conv2d(torch.relu_(y), self.conv2.weight, self.conv2.bias, 1, 1).add_(x)
