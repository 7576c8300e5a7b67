// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#define DA3_KERNELS_NAMESPACE avx2
#define DA3_KERNELS_NAME "avx2"
#define DA3_KERNELS_WIDTH 8
#define DA3_KERNELS_ROWS 6
#define DA3_KERNELS_VECTORS 2
#include <engine/kernels/kernels-inl.hpp>
