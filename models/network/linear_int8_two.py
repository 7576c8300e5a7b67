# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# A layer of two products from one matrix, 8-bit as in linear_int8.py.


def parts(self, x: Tensor, count: int) -> List[Tensor]:
    return [
        quantized.linear_dynamic(x, self.packed0, self.seven_bits),
        quantized.linear_dynamic(x, self.packed1, self.seven_bits)
    ]
