// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <video/encoded_streams.hpp>
#include <video/frame_source.hpp>
#include <video/run_video.hpp>
#include <video/video_plan.hpp>

namespace da3::video {

VideoForecast forecast_video(const VideoOptions& options, const ModelSpec& model,
                             const VideoLibrary* library) {
  const VideoPlan plan = plan_video(options, model, library);
  const FrameSource source(options, library);
  VideoForecast forecast;
  forecast.facts = source.facts();
  if (const auto places = source.places()) forecast.frames = static_cast<std::int64_t>(places->size());
  forecast.processed = depth::processed_size(plan.way, forecast.facts.shown);
  forecast.result = depth::result_size(plan.way, forecast.facts.shown);
  EncodedStreams streams(plan, library, source.facts(), source.time_base());
  const std::map<std::string, std::string> encoders = streams.choose();
  forecast.warnings = streams.warnings();
  for (const StreamPlan& stream : plan.outputs.streams) {
    forecast.files.push_back(stream.target.string() + " (" + encoders.at(stream.name) + ")");
  }
  for (const formats::Format format : plan.outputs.frames) {
    forecast.files.push_back((plan.outputs.folder / OutputPlan::kFramesFolder / "NNNNNN").string() +
                             std::string(formats::suffix(format)));
  }
  if (plan.outputs.pipe != Pipe::kNone) forecast.files.push_back(plan.outputs.text);
  return forecast;
}

}  // namespace da3::video
