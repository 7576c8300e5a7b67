// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Before a function of plain loops: on x86 it is compiled a second time for AVX2, and the loader chooses.
/// Both give the same bits, for no products are fused. Sanitizers cannot look into the choice. Arrays are
/// given by pointers: clang 19 forgets inline functions (iterators of a span) that nothing else calls.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__)
#define DA3_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define DA3_VECTOR_CLONES
#endif
