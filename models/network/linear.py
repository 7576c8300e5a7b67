# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# A linear layer of a block, in the precision of its weight.


def forward(self, x: Tensor) -> Tensor:
    return torch.linear(x, self.weight, self.bias)


def product(self, x: Tensor) -> Tensor:
    # The layer without what shift() gives, for a kernel that adds it on its way.
    return torch.matmul(x, self.weight.t())


def shift(self) -> Optional[Tensor]:
    return self.bias


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    # Adds the layer of x to the residual, in place, whatever their batch dimensions: the rows are the same.
    residual.view(-1, residual.size(-1)).add_(self.bias).addmm_(x.flatten(0, 1), self.weight.t())
    return residual


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    # The layer in `count` products instead of one: what comes out is contiguous and copied by nobody.
    weights = torch.chunk(self.weight, count, 0)
    biases = torch.chunk(self.bias, count, 0)
    return [torch.linear(x, weights[i], biases[i]) for i in range(count)]
