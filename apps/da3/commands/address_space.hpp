// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace da3::commands {

/// Makes malloc give address space back where it is limited (`ulimit -v`): by default glibc reserves 64 MiB
/// for each thread, and keeps freed blocks of up to 32 MiB in places where nothing else fits, so that a
/// smaller batch found no room where a larger one had failed. To be called before any other thread starts.
void spare_limited_address_space();

}  // namespace da3::commands
