# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# End of every fusion block. The 1x1 convolution stands before the upsampling: bilinear weights sum to one, so the two
# can change places, and it costs a quarter there.


def resize(self, x: Tensor, height: int, width: int) -> Tensor:
    x = torch.conv2d(self.resConfUnit2.forward(x), self.out_conv.weight, self.out_conv.bias)
    return torch.upsample_bilinear2d(x, [height, width], True)
