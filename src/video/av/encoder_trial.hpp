// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <video/av/handles.hpp>

namespace da3::video::av {

/// Whether a frame of `encoder`, which takes none afterwards, comes back from a file of `container`:
/// avformat_query_codec knows what a container's list says, not what its writer does. Throws: Error
/// kOutOfMemory.
bool can_be_read_back(AVCodecContext& encoder, bool grey16, const std::string& container);

}  // namespace da3::video::av
