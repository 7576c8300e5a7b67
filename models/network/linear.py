# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Matrix products: those of the backbone's ends and the head (dense), then the linear layers of blocks in every variant.


#: dense
# A matrix product: x (..., K) and weight (N, K) to (..., N), by LibTorch.


def dense(self, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
    return torch.linear(x, weight, bias)


def dense_of_norm(self, x: Tensor, weight: Tensor) -> Tensor:
    # The product of the norm of x (without scale and shift, epsilon 1e-5).
    return self.dense(torch.layer_norm(x, [x.size(-1)], None, None, 1e-5), weight, None)


#: dense_onednn
# As dense, by oneDNN.


def dense(self, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
    return mkldnn._linear_pointwise(x, weight, bias, "none", [], "")


def dense_of_norm(self, x: Tensor, weight: Tensor) -> Tensor:
    return self.dense(torch.layer_norm(x, [x.size(-1)], None, None, 1e-5), weight, None)


#: dense_own
# As dense, by da3 (src/engine/operators/own_operators.hpp).


def dense(self, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
    return da3.linear(x.contiguous(), weight, bias)


def dense_of_norm(self, x: Tensor, weight: Tensor) -> Tensor:
    return da3.linear(da3.normed(x.contiguous(), 1e-5), weight, None)


#: low_kind_int16
# The kind of a head's packed weights (src/engine/operators/low_products.hpp): 16-bit codes.


def low_kind(self) -> int:
    return 3


#: low_kind_int8
# As low_kind_int16, with 8-bit codes.


def low_kind(self) -> int:
    return 2


#: dense_low
# As dense_own, with codes of low_kind where the weight is packed for them (int32; src/engine/operators/low_products.hpp).


def dense(self, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
    if weight.dtype == 3:
        return da3.product(x.contiguous(), weight, bias, self.low_kind())
    return da3.linear(x.contiguous(), weight, bias)


def dense_of_norm(self, x: Tensor, weight: Tensor) -> Tensor:
    if weight.dtype == 3:
        return da3.product(x.contiguous(), weight, None, self.low_kind(), False, 1e-5)
    return da3.linear(da3.normed(x.contiguous(), 1e-5), weight, None)


#: linear
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


#: linear_onednn
# A linear layer of a block by oneDNN, which adds biases and residuals on its way.


def forward(self, x: Tensor) -> Tensor:
    return mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")


def product(self, x: Tensor) -> Tensor:
    return self.forward(x)


def shift(self) -> Optional[Tensor]:
    return None


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    # As in linear, but into new memory.
    sum = mkldnn._linear_pointwise(x.flatten(0, 1), residual.view(-1, residual.size(-1)), self.weight, self.bias, "add")
    return sum.view_as(residual)


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    # As in linear.
    weights = torch.chunk(self.weight, count, 0)
    biases = torch.chunk(self.bias, count, 0)
    return [mkldnn._linear_pointwise(x, weights[i], biases[i], "none", [], "") for i in range(count)]


#: linear_own
# A linear layer of a block by the operators of da3 (src/engine/operators/own_operators.hpp).


def forward(self, x: Tensor) -> Tensor:
    return da3.linear(x, self.weight, self.bias)


def activated(self, x: Tensor) -> Tensor:
    # The exact GELU of the layer.
    return da3.linear(x, self.weight, self.bias, True)


def product(self, x: Tensor) -> Tensor:
    return self.forward(x)


def shift(self) -> Optional[Tensor]:
    return None


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    # As in linear.
    return da3.linear_add_(residual, x, self.weight, self.bias)


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    # As in linear.
    weights = torch.chunk(self.weight, count, 0)
    biases = torch.chunk(self.bias, count, 0)
    return [da3.linear(x, weights[i], biases[i]) for i in range(count)]


#: linear_bf16
# A linear layer of a block whose inputs and weights are rounded to bfloat16. Sums are taken in float32 and rounded to
# bfloat16 once; biases, residuals and everything between the layers are float32.


def product(self, x: Tensor) -> Tensor:
    return torch.linear(x.to(15), self.weight).to(6)


def shift(self) -> Optional[Tensor]:
    return self.bias


def forward(self, x: Tensor) -> Tensor:
    return self.product(x).add_(self.bias)


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    # As in linear.
    residual.view(-1, residual.size(-1)).add_(self.bias).add_(torch.linear(x.flatten(0, 1).to(15), self.weight))
    return residual


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    # As in linear.
    low = x.to(15)
    weights = torch.chunk(self.weight, count, 0)
    biases = torch.chunk(self.bias, count, 0)
    return [torch.linear(low, weights[i]).to(6).add_(biases[i]) for i in range(count)]


#: linear_low
# A linear layer of a block by the operators of da3 whose factors are rounded (src/engine/operators/low_products.hpp).
# Biases, residuals and results are float32. Factors: of smoothed 8-bit layers, else None (src/engine/network/smoothing.hpp).


def forward(self, x: Tensor) -> Tensor:
    return da3.product(x, self.packed, self.bias, self.kind, False, None, self.factors)


def activated(self, x: Tensor) -> Tensor:
    # The exact GELU of the layer.
    return da3.product(x, self.packed, self.bias, self.kind, True, None, self.factors)


def product(self, x: Tensor) -> Tensor:
    return self.forward(x)


def shift(self) -> Optional[Tensor]:
    return None


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    # As in linear.
    return da3.product_add_(residual, x, self.packed, self.bias, self.kind, self.factors)


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    # As in linear.
    packed = torch.chunk(self.packed, count, 0)
    biases = torch.chunk(self.bias, count, 0)
    return [da3.product(x, packed[i], biases[i], self.kind, False, None, self.factors) for i in range(count)]


#: linear_low_normed
# As linear_low, of the norm of its inputs (without scale and shift, epsilon 1e-6).


def forward(self, x: Tensor) -> Tensor:
    return da3.product(x, self.packed, self.bias, self.kind, False, 1e-6, self.factors)


def activated(self, x: Tensor) -> Tensor:
    # The exact GELU of the layer.
    return da3.product(x, self.packed, self.bias, self.kind, True, 1e-6, self.factors)


def product(self, x: Tensor) -> Tensor:
    return self.forward(x)


def shift(self) -> Optional[Tensor]:
    return None


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    # As in linear.
    packed = torch.chunk(self.packed, count, 0)
    biases = torch.chunk(self.bias, count, 0)
    return [da3.product(x, packed[i], biases[i], self.kind, False, 1e-6, self.factors) for i in range(count)]


#: linear_int8
# A linear layer of a block with 8-bit weights (a scale for each output) and inputs (one scale for each product; 7 bits where
# sums of two products could saturate, else 8). Biases and results are float32.


def forward(self, x: Tensor) -> Tensor:
    return quantized.linear_dynamic(self.smoothed(x), self.packed0, self.seven_bits)


def product(self, x: Tensor) -> Tensor:
    return self.forward(x)


def shift(self) -> Optional[Tensor]:
    return None


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    # As in linear.
    residual.view(-1, residual.size(-1)).add_(quantized.linear_dynamic(self.smoothed(x).flatten(0, 1), self.packed0, self.seven_bits))
    return residual


#: linear_int8_two
# A layer of two products from one matrix, 8-bit as in linear_int8.


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    x = self.smoothed(x)
    return [
        quantized.linear_dynamic(x, self.packed0, self.seven_bits),
        quantized.linear_dynamic(x, self.packed1, self.seven_bits)
    ]


#: linear_int8_three
# A layer of three products from one matrix, 8-bit as in linear_int8.


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    x = self.smoothed(x)
    return [
        quantized.linear_dynamic(x, self.packed0, self.seven_bits),
        quantized.linear_dynamic(x, self.packed1, self.seven_bits),
        quantized.linear_dynamic(x, self.packed2, self.seven_bits)
    ]


#: smoothed
# The inputs of an 8-bit layer, of whose factors the weights have the inverse (src/engine/network/smoothing.hpp).


def smoothed(self, x: Tensor) -> Tensor:
    return x * self.factors


#: unsmoothed
# As smoothed, without factors.


def smoothed(self, x: Tensor) -> Tensor:
    return x


#: linear_observed
# A linear layer of a block that keeps each input's largest magnitude, the sum of its squares and the number of rows
# (src/engine/network/smoothing.hpp).


def observe(self, x: Tensor):
    rows = x.detach().reshape(-1, x.size(-1))
    self.largest.copy_(torch.maximum(self.largest, torch.amax(torch.abs(rows), [0])))
    self.squares.add_(torch.sum(rows * rows, [0]))
    self.rows.add_(rows.size(0))


def forward(self, x: Tensor) -> Tensor:
    self.observe(x)
    return torch.linear(x, self.weight, self.bias)


def product(self, x: Tensor) -> Tensor:
    self.observe(x)
    return torch.matmul(x, self.weight.t())


def shift(self) -> Optional[Tensor]:
    return self.bias


def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
    return residual.add_(self.forward(x).view_as(residual))


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    # As in linear.
    self.observe(x)
    weights = torch.chunk(self.weight, count, 0)
    biases = torch.chunk(self.bias, count, 0)
    return [torch.linear(x, weights[i], biases[i]) for i in range(count)]
