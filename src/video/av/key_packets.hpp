// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <video/av/handles.hpp>

namespace da3::video::av {

/// Whether a packet, which was read last of `input`, is a key frame. FFmpeg's parsers take the flag of what
/// is in the packet: a damaged key frame has none, but the container's index or the headers in front of it
/// still tell.
bool is_key(const AVPacket& packet, const AVFormatContext& input);

}  // namespace da3::video::av
