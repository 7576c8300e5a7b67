// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <video/av/encoder.hpp>
#include <video/av/handles.hpp>
#include <video/av/join.hpp>
#include <video/av/library.hpp>
#include <video/av/reader.hpp>
#include <video/av/segment.hpp>
#include <video/av/sound_trial.hpp>

namespace da3::video::av {

namespace {

/// Of the libraries that run, which need not be those of the build.
std::string versions() {
  const auto text = [](const char* name, unsigned version) {
    return std::string(name) + " " + std::to_string(AV_VERSION_MAJOR(version)) + "." +
           std::to_string(AV_VERSION_MINOR(version)) + "." + std::to_string(AV_VERSION_MICRO(version));
  };
  return std::string("FFmpeg ") + av_version_info() + " (" + text("libavformat", avformat_version()) + ", " +
         text("libavcodec", avcodec_version()) + ", " + text("libavutil", avutil_version()) + ", " +
         text("libswscale", swscale_version()) + "; " + avcodec_license() + ")";
}

}  // namespace

const VideoLibrary& library() {
  static const VideoLibrary instance{open_reader,   choose_encoder, open_segment,
                                     refused_sound, join_segments,  versions()};
  return instance;
}

}  // namespace da3::video::av
