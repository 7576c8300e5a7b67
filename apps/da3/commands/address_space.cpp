// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>  // Tells whether this is glibc.
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <commands/address_space.hpp>

#include <core/host/host_memory.hpp>

namespace da3::commands {

void spare_limited_address_space() {
#ifdef __GLIBC__
  if (!core::address_space_is_limited()) return;
  constexpr int kMappedFromBytes = 256 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, kMappedFromBytes);
  ::mallopt(M_ARENA_MAX, 1);
#endif
}

}  // namespace da3::commands
