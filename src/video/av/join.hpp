// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <video/seams.hpp>

namespace da3::video::av {

/// Copies the packets of all segments, and sound, into one file; every frame keeps its time. Returns
/// warnings. Throws: Error kOutputFailed, kInternal.
std::vector<std::string> join_segments(const JoinSpec& spec);

}  // namespace da3::video::av
