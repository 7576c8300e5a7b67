// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace da3::core {

/// Makes sure that the system starts the threads of a team of `team` in which the calling thread is one,
/// before OpenMP does, which would end the process where it cannot. Only teams larger than this thread's
/// earlier ones are tried: OpenMP keeps them. Throws: Error kDeviceUnavailable.
void require_team(int team);

/// How many more files this process may open now.
std::size_t free_descriptors();

}  // namespace da3::core
