# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Feed-forward part of a block: exact (erf) GELU between two linear layers.


def forward(self, x: Tensor) -> Tensor:
    hidden = torch.gelu_(torch.linear(x, self.fc1.weight, self.fc1.bias))
    return torch.linear(hidden, self.fc2.weight, self.fc2.bias)
