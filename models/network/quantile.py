# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Exact quantiles: those of LibTorch stop at 2^24 values, and the original samples above 100,000.


def quantile(self, values: Tensor, share: float) -> Tensor:
    # values: (n), n > 0. Returns a scalar, linear between neighbours.
    count = values.size(0)
    rank = share * (count - 1)
    lower = int(rank)
    value = torch.kthvalue(values, lower + 1)[0]
    if lower + 1 < count:
        value = torch.lerp(value, torch.kthvalue(values, lower + 2)[0], rank - lower)
    return value
