# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# A linear layer of a block by oneDNN, which adds biases and residuals on its way.


def forward(self, x: Tensor) -> Tensor:
    return mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")


def product(self, x: Tensor) -> Tensor:
    return self.forward(x)


def shift(self) -> Optional[Tensor]:
    return None


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    # As in linear.py, but into new memory.
    sum = mkldnn._linear_pointwise(x.flatten(0, 1), residual.view(-1, residual.size(-1)), self.weight, self.bias, "add")
    return sum.view_as(residual)


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    # As in linear.py.
    weights = torch.chunk(self.weight, count, 0)
    biases = torch.chunk(self.bias, count, 0)
    return [mkldnn._linear_pointwise(x, weights[i], biases[i], "none", [], "") for i in range(count)]
