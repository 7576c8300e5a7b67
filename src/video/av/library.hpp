// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <video/seams.hpp>

// The seams of `video` on FFmpeg's libraries. Nothing else includes their headers.
namespace da3::video::av {

/// Readers, writers and the list of encoders on FFmpeg.
const VideoLibrary& library();

}  // namespace da3::video::av
