// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Before a function of plain loops: on x86 it is compiled again for AVX2 and for AVX-512, and the loader
/// chooses. All give the same bits: sources that use it are compiled without fused products (da3_add_module,
/// EXACT). Sanitizers cannot look into the choice. Arrays are given by pointers: clang 19 forgets inline
/// functions (iterators of a span) that nothing else calls.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__)
#define DA3_VECTOR_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define DA3_VECTOR_CLONES
#endif
