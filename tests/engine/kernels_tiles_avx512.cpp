// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#define DA3_KERNELS_NAMESPACE tiles_of_avx512
#define DA3_KERNELS_NAME "avx512 tiles"
#define DA3_KERNELS_WIDTH 16
#define DA3_KERNELS_ROWS 12
#define DA3_KERNELS_VECTORS 2
#include <engine/kernels/kernels-inl.hpp>
