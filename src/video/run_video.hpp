// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <formats/encode.hpp>
#include <predict/depth_model.hpp>
#include <predict/memory_probe.hpp>
#include <video/over_time.hpp>
#include <video/plain_stream.hpp>
#include <video/seams.hpp>
#include <video/times.hpp>

#include <da3/model_spec.hpp>

namespace da3::video {

/// How the colours of a video get their range.
enum class RangeMode {
  kVideo,    ///< One range, from frames spread over the file
  kRunning,  ///< Follows slowly
  kImage,    ///< Each frame's own
  kGiven,    ///< `VideoOptions::range`
};

/// What one scale over time is used for.
enum class Steady {
  kAuto,  ///< Relative models: pictures only
  kOff,
  kScale,  ///< Depth values too
};

/// What to do with a video; names and defaults as in docs/video.md. Validated by `run_video`.
struct VideoOptions {
  std::string input;  ///< A file, or "-" for `stream`
  std::istream* stream = nullptr;
  std::optional<RawFormat> raw;  ///< The input is RGB without header
  ReadOptions read;
  ChoiceOptions choice;
  std::filesystem::path timestamps;  ///< File of seconds a frame; empty: the video's own

  std::string output;  ///< A folder, a video file, or "-"; empty: the input's name with .depth behind it
  std::vector<std::string> formats;  ///< Empty: the output's default
  std::string colormap = "spectral";
  std::optional<RangeMode> range_mode;  ///< None: kVideo for files, kRunning for streams
  std::optional<DepthRange> range;
  Steady steady = Steady::kAuto;
  Cuts cuts = Cuts::kAuto;
  std::filesystem::path cuts_file;  ///< Times where a scene begins, with kNone; empty: none
  std::string encoder;
  int crf = 18;
  std::optional<Ratio> constant_fps;  ///< Of encoded videos and pipes; none: every frame keeps its time
  bool sound = true;
  formats::EncodeOptions encode;  ///< Of files of single frames
  bool overwrite = false;

  std::optional<int> process_res;
  std::optional<ResizeMethod> resize_method;
  std::optional<double> focal_px;  ///< In pixels of the upright frame
  std::optional<double> hfov_deg;
  bool at_model_size = false;
  bool confidence = false;  ///< Also the network's confidence, in npz and exr
  bool sky = false;

  std::optional<int> batch;
  double memory_fraction = 0.85;
  int host_threads = 1;
};

struct VideoEnvironment {
  std::shared_ptr<predict::DepthModel> model;
  predict::MemoryProbe* memory = nullptr;
  const VideoLibrary* library = nullptr;  ///< None: yuv4mpeg and raw streams only, no encoded videos
  int cores = 1;
  std::FILE* standard_output = stdout;
};

struct VideoProgress {
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::optional<std::int64_t> total;  ///< Estimated from the length
  double frames_per_s = 0;
  double seconds = 0;  ///< Of the video, so far
};

struct VideoCallbacks {
  std::function<void(const std::string& json)> on_record;
  std::function<void(const VideoProgress&)> on_progress;
  std::function<void(bool warning, const std::string& text)> on_note;
};

struct VideoSummary {
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::int64_t resumed = 0;  ///< Frames that an earlier run did
  bool interrupted = false;
  bool cut_short = false;
  double elapsed_s = 0;
  double forward_s = 0;
  std::string where;  ///< What was written
};

/// What a run would do (`--dry-run`).
struct VideoForecast {
  VideoFacts facts;
  std::optional<std::int64_t> frames;  ///< That are taken; none if only decoding all of them could tell
  Size processed;                      ///< Input of the network
  Size result;
  std::vector<std::string> files;  ///< What is written, with the encoder of each video
};

/// Opens the video and writes nothing. Throws: as run_video.
VideoForecast forecast_video(const VideoOptions& options, const ModelSpec& model,
                             const VideoLibrary* library);

/// Depth of every frame. Frames in order; at most a few are held, whatever the length. Throws: Error kUsage,
/// kVideo*, kEncoderUnavailable, kFocalMissing, kOutput*, kPipeClosed, model errors. A damaged frame is a
/// failed record.
VideoSummary run_video(const VideoOptions& options, const VideoEnvironment& environment,
                       const VideoCallbacks& callbacks = {}, std::stop_token stop = {});

}  // namespace da3::video
