// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <memory>
#include <string>

#include <video/frame.hpp>
#include <video/options/video_options.hpp>

// yuv4mpeg and raw RGB, read by own code: what always works, with and without FFmpeg.
namespace da3::video {

/// True if a file begins as yuv4mpeg.
bool is_y4m(std::string_view start);

/// Frames of a yuv4mpeg stream: 4:2:0, 4:2:2, 4:4:4, 4:1:1 or grey, 8 to 16 bits. `name` begins the messages.
/// Lifetime of `stream`: the reader. Throws: Error kImageUnsupported (a kind of yuv4mpeg that is not read),
/// kImageTruncated, kImageCorrupt, kImageTooLarge.
std::unique_ptr<VideoReader> read_y4m(std::istream& stream, const std::string& name,
                                      std::uint64_t max_pixels);

/// Frames of (H, W, 3) uint8 RGB one after another.
std::unique_ptr<VideoReader> read_raw(std::istream& stream, const std::string& name, const RawFormat& format);

/// A yuv4mpeg header of 4:4:4 pictures, and one frame of it: BT.709, limited range.
std::string y4m_header(Size size, Ratio frames_per_s);
std::string y4m_frame(const Image& picture);

}  // namespace da3::video
