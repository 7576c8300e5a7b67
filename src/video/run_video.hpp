// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <predict/depth_model.hpp>
#include <predict/memory_probe.hpp>
#include <video/options/video_options.hpp>
#include <video/seams.hpp>

#include <da3/model_spec.hpp>

namespace da3::video {

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
  std::function<void(const std::string& text)> on_failure;  ///< Of a frame
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
  std::vector<std::string> files;     ///< What is written, with the encoder of each video
  std::vector<std::string> warnings;  ///< Of what is left out
};

/// Opens the video and writes nothing. Throws: as run_video.
VideoForecast forecast_video(const VideoOptions& options, const ModelSpec& model,
                             const VideoLibrary* library);

/// Threads of the decoder where `cores` may be used: half of them next to a network that runs there as well.
/// What a decoder does ahead falls into the next forward pass, and writing has a core at the same time.
int decoder_threads(DeviceKind device, int cores);

/// Depth of every frame. Frames in order; at most a few are held, whatever the length. Throws: Error kUsage,
/// kVideo*, kEncoderUnavailable, kFocalMissing, kOutput*, kPipeClosed, model errors. A damaged frame is a
/// failed record.
VideoSummary run_video(const VideoOptions& options, const VideoEnvironment& environment,
                       const VideoCallbacks& callbacks = {}, std::stop_token stop = {});

}  // namespace da3::video
