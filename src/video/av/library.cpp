// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <video/av/encoder.hpp>
#include <video/av/handles.hpp>
#include <video/av/join.hpp>
#include <video/av/library.hpp>
#include <video/av/reader.hpp>
#include <video/av/segment.hpp>

namespace da3::video::av {

const VideoLibrary& library() {
  static const VideoLibrary instance{open_reader, choose_encoder, open_segment, join_segments,
                                     std::string("FFmpeg ") + av_version_info()};
  return instance;
}

}  // namespace da3::video::av
