# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# A linear layer of a block with 8-bit weights (a scale for each output) and inputs (one scale for each product; 7 bits where
# sums of two products could saturate, else 8). Biases and results are float32.


def forward(self, x: Tensor) -> Tensor:
    return quantized.linear_dynamic(x, self.packed0, self.seven_bits)


def product(self, x: Tensor) -> Tensor:
    return self.forward(x)


def shift(self) -> Optional[Tensor]:
    return None


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    # As in linear.py.
    residual.view(-1, residual.size(-1)).add_(quantized.linear_dynamic(x.flatten(0, 1), self.packed0, self.seven_bits))
    return residual
