// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <commands/video_library.hpp>
#include <video/av/library.hpp>

namespace da3::commands {

const video::VideoLibrary* video_library() {
  return &video::av::library();
}

}  // namespace da3::commands
