// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#define DA3_KERNELS_NAMESPACE tiles_of_neon
#define DA3_KERNELS_NAME "neon tiles"
#define DA3_KERNELS_WIDTH 4
#define DA3_KERNELS_ROWS 6
#define DA3_KERNELS_VECTORS 4
#include <engine/kernels/kernels-inl.hpp>
