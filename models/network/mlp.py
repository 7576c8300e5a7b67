# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Feed-forward part of a block: exact (erf) GELU between two linear layers.


def forward(self, x: Tensor, normed: Tensor) -> Tensor:
    # Adds to x, in place.
    hidden = self.activate(torch.linear(normed, self.fc1.weight, self.fc1.bias))
    x.view(-1, x.size(-1)).add_(self.fc2.bias).addmm_(hidden.flatten(0, 1), self.fc2.weight.t())
    return x
