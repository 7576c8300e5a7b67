// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <formats/output_set.hpp>
#include <video/seams.hpp>

namespace da3::video {

/// What an encoded video shows.
enum class Shown { kVis, kSide, kGrey16 };

/// One encoded video of a run.
struct StreamPlan {
  Shown shown = Shown::kVis;
  std::string name;              ///< "vis", "side", "gray16"
  std::filesystem::path target;  ///< Its file
  std::string container;         ///< mp4, mov, matroska, webm
};

/// What is written on standard output.
enum class Pipe { kNone, kY4m, kRaw };

/// Where results go.
struct OutputPlan {
  static constexpr const char* kFramesFolder = "frames";  ///< Within `folder`

  std::filesystem::path folder;  ///< For the manifest, segments and frames; empty for a pipe
  bool temporary = false;        ///< The folder goes when the one file is done
  std::vector<StreamPlan> streams;
  std::vector<formats::Format> frames;  ///< Files of each frame
  Pipe pipe = Pipe::kNone;
  std::string text;  ///< What is said to have been written

  bool shows_photo() const;
  bool has_pictures() const;  ///< Anything with a range
  bool has_colours() const;   ///< Colours outside of files of frames
  bool has_colour_stream() const;
  bool has_rgb_colours() const;  ///< Those that are not an encoded video of nothing else
  bool has_grey16() const;
};

/// The name of the video of `format` in the folder of results of `input`; empty for what is no video.
std::string video_name(const std::string& input, const std::string& format);

/// The plan for `output` (a folder, a video file, "-", or empty for the input's name with .depth behind it).
/// `library` null: pictures become files of frames. Throws: Error kUsage, kEncoderUnavailable.
OutputPlan plan_outputs(const std::string& input, const std::string& output,
                        const std::vector<std::string>& formats, const VideoLibrary* library);

}  // namespace da3::video
