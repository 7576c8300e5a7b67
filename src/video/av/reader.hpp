// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <video/seams.hpp>

namespace da3::video::av {

/// Frames of a video file, by FFmpeg. Throws: Error kInputNotFound, kInputUnreadable, kInputNotRegular,
/// kVideoNone, kVideoUnsupported, kVideoDamaged, kImageTooLarge.
std::unique_ptr<VideoReader> open_reader(const std::string& path, const ReadOptions& options);

}  // namespace da3::video::av
