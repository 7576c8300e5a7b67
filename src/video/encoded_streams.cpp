// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <system_error>

#include <video/encoded_streams.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/text.hpp>
#include <image/colormap.hpp>

namespace da3::video {
namespace {

void give_name(const std::filesystem::path& file, const std::filesystem::path& name) {
  std::error_code failed;
  std::filesystem::rename(file, name, failed);
  if (failed) {
    throw Error(ErrorCode::kOutputFailed,
                name.string() + ": the video could not get this name (" + failed.message() + ")");
  }
}

std::vector<std::pair<std::string, std::string>> tags_of(const GreyCode& code, DepthKind kind) {
  std::vector<std::pair<std::string, std::string>> tags = {
      {"da3:code", code.millimetres ? "millimetres" : "log2"},
      {"da3:kind", std::string(to_string(kind))},
      {"da3:unit", code.millimetres ? "m" : "none"}};
  if (!code.millimetres) {
    tags.insert(tags.end(), {{"da3:ref", core::exact_text(code.ref)}, {"da3:octaves", "16"}});
  }
  return tags;
}

}  // namespace

EncodedStreams::EncodedStreams(const VideoPlan& plan, const VideoLibrary* library, const VideoFacts& facts,
                               Ratio time_base)
    : plan_(plan), library_(library), facts_(facts), time_base_(time_base) {
  if (const auto& rate = plan.options.constant_fps) time_base_ = {rate->den, rate->num};
}

StreamSpec EncodedStreams::spec_of(const StreamPlan& stream, Size size) const {
  StreamSpec spec;
  spec.size = stream.shown == Shown::kSide ? Size{size.height, 2 * size.width} : size;
  spec.time_base = time_base_;
  spec.grey16 = stream.shown == Shown::kGrey16;
  const auto chosen = encoders_.find(stream.name);
  spec.encoder = chosen != encoders_.end() ? chosen->second : plan_.options.encoder;
  spec.crf = plan_.options.crf;
  const auto& constant = plan_.options.constant_fps;
  spec.frames_per_s = constant ? constant->value() : facts_.frames_per_s.value_or(25);
  return spec;
}

const std::map<std::string, std::string>& EncodedStreams::choose() {
  for (const StreamPlan& stream : plan_.outputs.streams) {
    encoders_[stream.name] = library_->choose_encoder(
        spec_of(stream, depth::result_size(plan_.way, facts_.shown)), stream.container);
  }
  choose_sound();
  return encoders_;
}

void EncodedStreams::choose_sound() {
  const VideoOptions& options = plan_.options;
  if (!options.sound || !facts_.has_sound || options.input == "-" || !options.timestamps.empty()) return;
  std::map<std::string, bool> taken;  // By container
  for (const StreamPlan& stream : plan_.outputs.streams) {
    const auto [found, is_new] = taken.try_emplace(stream.container, true);
    if (is_new) {
      if (auto refused = library_->refused_sound({options.input, options.read.stream}, stream.container)) {
        warnings_.push_back(std::move(*refused));
        found->second = false;
      }
    }
    if (found->second) with_sound_.insert(stream.name);
  }
}

std::filesystem::path EncodedStreams::segment_file(const StreamPlan& stream, std::int64_t index) const {
  char number[16];
  std::snprintf(number, sizeof(number), "-%06lld.nut", static_cast<long long>(index));
  return folder() / (stream.name + number);
}

void EncodedStreams::write(const Work& work, const Showing& showing) {
  const std::vector<StreamPlan>& streams = plan_.outputs.streams;
  if (streams.empty() || showing.count == 0) return;
  index_ = work.taken / kSegmentFrames;
  if (open_.empty()) {
    core::ensure_folder(folder());
    for (const StreamPlan& stream : streams) {
      open_.push_back(
          library_->segment(segment_file(stream, index_).string() + ".tmp", spec_of(stream, *size_)));
    }
  }
  const GreyCode code{plan_.way.result_kind == DepthKind::kMetric, work.grey_ref};
  for (std::size_t i = 0; i < open_.size(); ++i) {
    switch (streams[i].shown) {
      case Shown::kVis:
        open_[i]->write(showing.first, work.colours, work.steadied.cut);
        break;
      case Shown::kSide:
        open_[i]->write(showing.first, image::side_by_side(*work.set.photo, work.vis), work.steadied.cut);
        break;
      case Shown::kGrey16:
        open_[i]->write(showing.first, work.set.depth.size, grey_codes(work.set.depth, code));
        break;
    }
  }
  repeat({showing.first + 1, showing.count - 1});
}

void EncodedStreams::repeat(const Showing& showing) {
  for (const auto& segment : open_) {
    for (std::int64_t i = 0; i < showing.count; ++i) segment->repeat(showing.first + i);
  }
}

std::vector<std::filesystem::path> EncodedStreams::close() {
  std::vector<std::filesystem::path> files;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    open_[i]->finish();
    const std::filesystem::path file = segment_file(plan_.outputs.streams[i], index_);
    give_name(file.string() + ".tmp", file);
    files.push_back(file);
  }
  open_.clear();
  return files;
}

JoinSpec EncodedStreams::join_spec(const StreamPlan& stream, const Span& span) const {
  const VideoOptions& options = plan_.options;
  JoinSpec spec;
  spec.target = plan_.outputs.folder / (".da3-join-" + stream.name + ".tmp");
  spec.container = stream.container;
  spec.time_base = time_base_;
  spec.grey16 = stream.shown == Shown::kGrey16;
  const bool sound = with_sound_.contains(stream.name);
  // Sound keeps the two together at their own times; else the first frame is at 0, where a grid begins as
  // well.
  const bool own_times = sound && options.choice.start_s == 0 && !options.constant_fps;
  spec.shift = own_times ? 0 : span.first_pts;
  if (sound) {
    spec.sound = {options.input, options.read.stream};
    // A grid begins at 0.
    spec.sound_may_lead = !own_times && !options.constant_fps;
    if (!own_times) spec.sound_start_s = spec.sound_shift_s = span.first_s;
    if (options.choice.duration_s || options.choice.limit) spec.sound_end_s = span.end_s;
  }
  if (stream.shown == Shown::kGrey16) {
    spec.tags = tags_of({plan_.way.result_kind == DepthKind::kMetric, span.grey_ref}, plan_.way.result_kind);
  }
  return spec;
}

std::vector<std::string> EncodedStreams::join(std::int64_t taken, const Span& span,
                                              const OnJoined& on_joined) const {
  std::vector<std::string> warnings;
  for (const StreamPlan& stream : plan_.outputs.streams) {
    JoinSpec spec = join_spec(stream, span);
    for (std::int64_t i = 0; i <= (taken - 1) / kSegmentFrames; ++i) {
      std::error_code failed;
      const std::filesystem::path file = segment_file(stream, i);
      if (std::filesystem::exists(file, failed)) spec.segments.push_back(file);
    }
    if (spec.segments.empty()) continue;
    for (std::string& warning : library_->join(spec)) warnings.push_back(std::move(warning));
    on_joined(spec.target);
    give_name(spec.target, stream.target);
  }
  return warnings;
}

}  // namespace da3::video
