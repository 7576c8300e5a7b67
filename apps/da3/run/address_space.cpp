// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>  // Tells whether this is glibc.
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <infer/host_memory.hpp>
#include <run/address_space.hpp>

namespace da3::run {

void spare_limited_address_space() {
#ifdef __GLIBC__
  if (!infer::address_space_is_limited()) return;
  constexpr int kMappedFromBytes = 256 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, kMappedFromBytes);
  ::mallopt(M_ARENA_MAX, 1);
#endif
}

}  // namespace da3::run
