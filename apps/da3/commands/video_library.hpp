// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <video/seams.hpp>

namespace da3::commands {

/// FFmpeg in da3-run-video, null in da3-run: the two programs differ in this alone.
const video::VideoLibrary* video_library();

/// The only argument of a runner that is to print a line about its FFmpeg.
inline constexpr std::string_view kAskFfmpeg = "ffmpeg-version";

}  // namespace da3::commands
