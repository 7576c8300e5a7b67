// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include <video/frame_writer.hpp>
#include <video/frames_over_time.hpp>
#include <video/plain_stream.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/json_reading.hpp>
#include <image/resample.hpp>

namespace da3::video {

using nlohmann::json;

FrameWriter::FrameWriter(const VideoPlan& plan, const VideoEnvironment& environment,
                         const FrameSource& source)
    : plan_(plan),
      environment_(environment),
      source_(source),
      streams_(plan, environment.library, source.facts(), source.time_base()) {}

void FrameWriter::write(Work& work, json& record) {
  const bool whole = !work.frame.error;
  if (whole) {
    if (!streams_.size()) streams_.set_size(work.set.depth.size);
    if (!first_pts_) {
      first_pts_ = work.pts;
      first_s_ = work.seconds;
    }
    last_s_ = work.seconds;
    write_files(work, record);
  }
  const Showing showing = showing_of(work);
  if (whole) {
    streams_.write(work, showing);
  } else if (showing.count > 0) {
    streams_.repeat(showing);
  }
  put_frame(work, showing.count);
}

Showing FrameWriter::showing_of(const Work& work) {
  const bool whole = !work.frame.error;
  if (!plan_.options.constant_fps) return {work.pts, whole ? 1 : 0};
  const FrameGrid grid{plan_.options.constant_fps->value(), first_s_};
  // A segment that begins with a damaged frame has none to show; the next whole one is shown earlier.
  if (!whole && !streams_.can_repeat() && last_put_.empty()) return {next_point_, 0};
  const std::int64_t end = std::max(next_point_, grid.point_at(work.until_s.value_or(work.seconds)));
  const Showing showing{next_point_, end - next_point_};
  next_point_ = end;
  if (whole && showing.count == 0) ++dropped_;
  repeated_ += whole ? std::max<std::int64_t>(0, showing.count - 1) : showing.count;
  return showing;
}

void FrameWriter::write_files(const Work& work, json& record) {
  char name[32];
  std::snprintf(name, sizeof(name), "%s/%06lld", OutputPlan::kFramesFolder,
                static_cast<long long>(work.frame.number));
  for (const formats::EncodedFile& file : work.files.files) {
    std::string relative = name;
    relative += formats::suffix(file.format);
    if (!made_frames_) core::ensure_folder(plan_.outputs.folder / OutputPlan::kFramesFolder);
    made_frames_ = true;
    core::write_file(plan_.outputs.folder / relative, file.bytes, core::Existing::kReplace);
    record["outputs"][std::string(formats::to_string(file.format))] = relative;
  }
  if (work.files.png16) {
    record["png16"] = {{"scale", work.files.png16->scale}, {"offset", work.files.png16->offset}};
  }
}

void FrameWriter::put_frame(const Work& work, std::int64_t count) {
  if (plan_.outputs.pipe == Pipe::kNone || count == 0) return;
  if (!work.frame.error && plan_.outputs.pipe == Pipe::kRaw) {
    last_put_.assign(reinterpret_cast<const char*>(work.set.depth.values.data()),
                     work.set.depth.values.size() * sizeof(float));
  } else if (!work.frame.error) {
    if (!pipe_size_) {
      pipe_size_ = work.vis.size;
      const VideoOptions& options = plan_.options;
      char text[32];
      std::snprintf(text, sizeof(text), "%.3f", 1 / source_.frame_duration_s());
      const std::string header =
          y4m_header(*pipe_size_, options.constant_fps ? *options.constant_fps : parse_rate(text));
      put(header.data(), header.size());
    }
    last_put_ = y4m_frame(work.vis.size == *pipe_size_
                              ? work.vis
                              : image::resample(work.vis, *pipe_size_, image::Resampling::kArea));
  }
  for (std::int64_t i = 0; i < count; ++i) put(last_put_.data(), last_put_.size());
  ++frames_put_;
}

void FrameWriter::put(const void* bytes, std::size_t count) const {
  if (std::fwrite(bytes, 1, count, environment_.standard_output) == count &&
      std::fflush(environment_.standard_output) == 0)
    return;
  if (errno == EPIPE) {
    throw Error(ErrorCode::kPipeClosed, "the program that reads the frames went away after " +
                                            std::to_string(frames_put_) + " of them");
  }
  throw Error(ErrorCode::kOutputFailed,
              std::string("standard output could not be written (") + std::strerror(errno) + ")");
}

std::vector<std::string> FrameWriter::join(std::int64_t taken, double grey_ref,
                                           const EncodedStreams::OnJoined& on_joined) const {
  EncodedStreams::Span span;
  span.first_pts = plan_.options.constant_fps ? 0 : first_pts_.value_or(0);
  span.first_s = first_s_;
  span.end_s = last_s_ + source_.frame_duration_s();
  span.grey_ref = grey_ref;
  return streams_.join(taken, span, on_joined);
}

json FrameWriter::state() const {
  json state = {{"repeated", repeated_}, {"dropped", dropped_}, {"next_point", next_point_}};
  if (first_pts_) {
    state["first_pts"] = *first_pts_;
    state["first_s"] = first_s_;
    state["last_s"] = last_s_;
  }
  if (const auto size = streams_.size()) state["size"] = {size->height, size->width};
  return state;
}

void FrameWriter::restore(const json& state) {
  const auto whole = [&](const char* name) {
    return core::whole_number<std::int64_t>(state.at(name)).value();
  };
  repeated_ = whole("repeated");
  dropped_ = whole("dropped");
  next_point_ = whole("next_point");
  if (state.contains("first_pts")) {
    first_pts_ = whole("first_pts");
    first_s_ = state.at("first_s").get<double>();
    last_s_ = state.at("last_s").get<double>();
  }
  if (state.contains("size")) streams_.set_size(size_of_json(state.at("size")));
}

}  // namespace da3::video
