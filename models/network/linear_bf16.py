# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# A linear layer of a block whose inputs and weights are rounded to bfloat16. Sums are taken in float32 and rounded to
# bfloat16 once; biases, residuals and everything between the layers are float32.


def product(self, x: Tensor) -> Tensor:
    return torch.linear(x.to(15), self.weight).to(6)


def shift(self) -> Optional[Tensor]:
    return self.bias


def forward(self, x: Tensor) -> Tensor:
    return self.product(x).add_(self.bias)


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    # As in linear.py.
    residual.view(-1, residual.size(-1)).add_(self.bias).add_(torch.linear(x.flatten(0, 1).to(15), self.weight))
    return residual


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    # As in linear.py.
    low = x.to(15)
    weights = torch.chunk(self.weight, count, 0)
    biases = torch.chunk(self.bias, count, 0)
    return [torch.linear(low, weights[i]).to(6).add_(biases[i]) for i in range(count)]
