// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace da3::core {

/// Starts `count` threads and ends them again, for libraries that end the process where the system starts no
/// more. Throws: Error kDeviceUnavailable if it does not.
void require_threads(int count);

/// How many more files this process may open now.
std::size_t free_descriptors();

}  // namespace da3::core
