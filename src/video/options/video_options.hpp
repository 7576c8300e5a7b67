// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include <options/options.hpp>
#include <video/options/times.hpp>
#include <video/seams.hpp>

namespace da3::video {

/// How the colours of a video get their range.
enum class RangeMode {
  kVideo,    ///< One range, from frames spread over the file
  kRunning,  ///< Follows slowly
  kImage,    ///< Each frame's own
  kGiven,    ///< `VideoOptions::vis_range`
};

/// What one scale over time is used for.
enum class Steady {
  kAuto,  ///< Relative models: pictures only
  kOff,
  kScale,  ///< Depth values too
};

/// Whether cuts are looked for.
enum class Cuts { kAuto, kNone };

/// A stream of frames without container.
struct RawFormat {
  Size size;
  Ratio frames_per_s{25, 1};
};

/// "WxH" or "WxH@FPS", FPS a number or a fraction such as 30000/1001. Throws: Error kUsage.
RawFormat parse_raw_format(const std::string& text);

/// A positive fraction of "N/D", "N:D" or a decimal number such as 29.97. Throws: Error kUsage.
Ratio parse_rate(const std::string& text);

/// What to do with a video; names and defaults as in docs/video.md. `output_dir` may be a video file or "-";
/// empty: the input's name with .depth behind it. Validated by `run_video`.
struct VideoOptions : options::Processing,
                      options::Focal,
                      options::Results,
                      options::Looks,
                      options::Resources {
  std::string input;  ///< A file, or "-" for `stream`
  std::istream* stream = nullptr;
  std::optional<RawFormat> raw;  ///< The input is RGB without header
  ReadOptions read;
  ChoiceOptions choice;
  std::filesystem::path timestamps;  ///< File of seconds a frame; empty: the video's own

  std::vector<std::string> formats;     ///< Empty: the output's default
  std::optional<RangeMode> range_mode;  ///< None: kVideo for files, kRunning for streams
  Steady steady = Steady::kAuto;
  Cuts cuts = Cuts::kAuto;
  std::filesystem::path cuts_file;  ///< Times where a scene begins, with kNone; empty: none
  std::string encoder;
  int crf = 18;
  std::optional<Ratio> constant_fps;  ///< Of encoded videos and pipes; none: every frame keeps its time
  bool sound = true;

  std::optional<int> batch;
  int host_threads = 1;
};

}  // namespace da3::video
