// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <future>
#include <limits>
#include <map>
#include <new>
#include <span>

#include <depth/way.hpp>
#include <formats/depth_statistics.hpp>
#include <nlohmann/json.hpp>
#include <predict/batch_planner.hpp>
#include <sys/stat.h>
#include <video/outputs.hpp>
#include <video/run_video.hpp>
#include <video/video_journal.hpp>

#include <da3/error.hpp>
#include <da3/version.hpp>

#include <core/atomic_file.hpp>
#include <core/host/host_memory.hpp>
#include <core/parallel.hpp>
#include <core/sha256.hpp>
#include <image/resample.hpp>

namespace da3::video {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kSegmentFrames = 240;
constexpr std::size_t kProbes = 64;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A taken frame on its way.
struct Work {
  Frame frame;
  std::int64_t taken = 0;  ///< Its place among the taken frames
  std::int64_t pts = 0;    ///< In the output's time base
  double seconds = 0;
  Image input;   ///< For the network
  DepthMap raw;  ///< As the network gives it, (H, W) processed
  double forward_ms = 0;
  Steadied steadied;
  std::optional<DepthRange> range;
  // Of `finish`.
  formats::OutputSet set;
  Image vis;
  formats::EncodedSet files;
  std::optional<formats::DepthSummary> summary;
};

/// What tells that an input has changed: size, time, and a hash of its ends.
json identity_of(const std::string& path) {
  if (path == "-") return nullptr;
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return nullptr;
  constexpr std::streamoff kEnd = 65536;
  std::ifstream file(path, std::ios::binary);
  std::string ends(static_cast<std::size_t>(std::min<std::streamoff>(kEnd, status.st_size)), '\0');
  file.read(ends.data(), static_cast<std::streamsize>(ends.size()));
  if (status.st_size > kEnd) {
    std::string tail(kEnd, '\0');
    file.seekg(-kEnd, std::ios::end);
    file.read(tail.data(), kEnd);
    ends += tail;
  }
  return {{"bytes", status.st_size},
          {"mtime", static_cast<std::int64_t>(status.st_mtime)},
          {"ends", core::sha256_hex(std::as_bytes(std::span(ends)))}};
}

json json_of(const std::optional<DepthRange>& range) {
  return range ? json::array({range->first, range->second}) : json(nullptr);
}

std::optional<DepthRange> range_of_json(const json& value) {
  if (!value.is_array() || value.size() != 2) return std::nullopt;
  return DepthRange{value[0].get<double>(), value[1].get<double>()};
}

class Run {
 public:
  Run(const VideoOptions& options, const VideoEnvironment& environment, const VideoCallbacks& callbacks,
      std::stop_token stop)
      : options_(options),
        environment_(environment),
        callbacks_(callbacks),
        stop_(std::move(stop)),
        choice_(options.choice) {}

  VideoSummary run() {
    prepare();
    if (finished_before()) return summary_;
    open_journal();
    process();
    if (stop_.stop_requested() && !ended_) {
      summary_.interrupted = true;
    } else {
      complete();
    }
    summary_.elapsed_s = since(start_);
    return summary_;
  }

 private:
  predict::DepthModel& model() const { return *environment_.model; }

  void note(bool warning, const std::string& text) const {
    if (callbacks_.on_note) callbacks_.on_note(warning, text);
  }

  std::unique_ptr<VideoReader> open() {
    const std::string name = options_.input == "-" ? "standard input" : options_.input;
    if (options_.input == "-") {
      if (options_.raw) return read_raw(*options_.stream, name, *options_.raw);
      return read_y4m(*options_.stream, name, options_.read.max_pixels);
    }
    std::error_code failed;
    if (!std::filesystem::exists(options_.input, failed)) {
      throw Error(ErrorCode::kInputNotFound, options_.input + ": no such file; check the path");
    }
    auto file = std::make_unique<std::ifstream>(options_.input, std::ios::binary);
    std::array<char, 9> start{};
    file->read(start.data(), start.size());
    const bool y4m = is_y4m({start.data(), static_cast<std::size_t>(file->gcount())});
    if (options_.raw || y4m) {
      file->clear();
      file->seekg(0);
      files_.push_back(std::move(file));
      return options_.raw ? read_raw(*files_.back(), name, *options_.raw)
                          : read_y4m(*files_.back(), name, options_.read.max_pixels);
    }
    if (environment_.library == nullptr) {
      throw Error(ErrorCode::kVideoUnavailable,
                  options_.input +
                      ": this installation has no FFmpeg to read it with; pipe its frames in: "
                      "ffmpeg -i " +
                      options_.input + " -f yuv4mpegpipe - | da3 video -");
    }
    return environment_.library->open(options_.input, options_.read);
  }

  void prepare() {
    plan_ = plan_outputs(options_.input, options_.output, options_.formats, environment_.library);
    const ModelSpec& spec = model().spec();
    depth::WayOptions way;
    way.process_res = options_.process_res;
    way.resize_method = options_.resize_method;
    way.focal_px = options_.focal_px;
    way.hfov_deg = options_.hfov_deg;
    way.at_model_size = options_.at_model_size;
    way_ = depth::make_way(spec, way);
    small_way_ = way_;
    small_way_.at_model_size = true;
    if (way_.needs_focal() && !way_.focal_px && !way_.hfov_deg) {
      throw Error(
          ErrorCode::kFocalMissing,
          options_.input +
              ": this model needs a focal length for metres; give --focal PX or --hfov DEG for the video");
    }
    if (!options_.timestamps.empty()) timestamps_ = read_timestamps(options_.timestamps);
    const bool relative = way_.result_kind != DepthKind::kMetric;
    steadies_ = relative && options_.steady != Steady::kOff;
    range_mode_ =
        options_.range_mode.value_or(options_.input == "-" ? RangeMode::kRunning : RangeMode::kVideo);
    if (options_.range) range_mode_ = RangeMode::kGiven;
    if (range_mode_ == RangeMode::kVideo && options_.input == "-") range_mode_ = RangeMode::kRunning;
    if (range_mode_ == RangeMode::kGiven) range_ = options_.range;
    predict::BatchPlannerOptions planner;
    planner.key.identity = spec.sha256.empty() ? spec.name : spec.sha256;
    planner.key.device = model().device();
    planner.key.cores = environment_.cores;
    planner.key.precision = model().precision();
    planner.key.attention = model().attention();
    planner.fixed = options_.batch;
    planner.memory_fraction = options_.memory_fraction;
    planner_ = std::make_unique<predict::BatchPlanner>(planner, *environment_.memory);
    reader_ = open();
    facts_ = reader_->facts();
    summary_.where = plan_.text;
    time_base_ = timestamps_.empty() ? facts_.time_base : Ratio{1, 90000};
    if (facts_.turn_degrees != 0 || facts_.mirrored)
      note(false, "frames are turned by " + std::to_string(facts_.turn_degrees) + " degrees");
    if (options_.input == "-") note(false, "a pipe cannot be read again: an interrupted run starts anew");
  }

  // What decides results; a run with another key does not go on.
  json key() const {
    std::string formats;
    for (const std::string& each : options_.formats) formats += (formats.empty() ? "" : ",") + each;
    json key = {{"input", identity_of(options_.input)},
                {"model", model().spec().sha256.empty() ? model().spec().name : model().spec().sha256},
                {"precision", to_string(model().precision())},
                {"format", formats},
                {"colormap", options_.colormap},
                {"vis-range", static_cast<int>(range_mode_)},
                {"steady", static_cast<int>(options_.steady)},
                {"cuts", static_cast<int>(options_.cuts)},
                {"encoder", options_.encoder},
                {"crf", options_.crf},
                {"sound", options_.sound},
                {"hdr", options_.read.hdr == Hdr::kToneMap ? "tonemap" : "raw"},
                {"deinterlace", options_.read.deinterlace == Deinterlace::kAuto ? "auto" : "off"},
                {"stream", options_.read.stream},
                {"start", options_.choice.start_s},
                {"duration", options_.choice.duration_s ? json(*options_.choice.duration_s) : json(nullptr)},
                {"fps", options_.choice.frames_per_s ? json(*options_.choice.frames_per_s) : json(nullptr)},
                {"every", options_.choice.every},
                {"limit", options_.choice.limit ? json(*options_.choice.limit) : json(nullptr)},
                {"timestamps", options_.timestamps.string()},
                {"process-res", way_.fixed_size ? 0 : way_.policy.process_res},
                {"size", options_.at_model_size ? "model" : "input"},
                {"focal", options_.focal_px ? json(*options_.focal_px) : json(nullptr)},
                {"hfov", options_.hfov_deg ? json(*options_.hfov_deg) : json(nullptr)}};
    if (range_mode_ == RangeMode::kGiven) key["range"] = json_of(options_.range);
    return key;
  }

  /// True if an earlier run did all of it.
  bool finished_before() {
    if (plan_.temporary) {
      std::error_code failed;
      if (std::filesystem::exists(plan_.streams.front().target, failed) && !options_.overwrite) {
        throw Error(ErrorCode::kOutputExists,
                    plan_.text + ": the file is there already; give --overwrite to replace it");
      }
    }
    if (plan_.folder.empty()) return false;
    journal_ = std::make_unique<VideoJournal>(plan_.folder, key(), options_.overwrite);
    if (journal_->end().is_null()) return false;
    const bool whole = std::all_of(plan_.streams.begin(), plan_.streams.end(), [](const StreamPlan& stream) {
      std::error_code failed;
      return std::filesystem::exists(stream.target, failed);
    });
    if (!whole) {
      journal_ = std::make_unique<VideoJournal>(plan_.folder, key(), /*overwrite=*/true);
      return false;
    }
    summary_.resumed = journal_->end().value("frames", std::int64_t{0});
    summary_.failed = journal_->end().value("failed", std::int64_t{0});
    summary_.cut_short = journal_->end().value("cut_short", false);
    return true;
  }

  void open_journal() {
    if (!journal_ || journal_->checkpoint().is_null()) {
      if (range_mode_ == RangeMode::kVideo && (plan_.has_pictures() || has_grey16())) probe();
      choose_encoders();
      if (journal_) journal_->append(header());
      return;
    }
    const json& before = journal_->header();
    range_ = range_of_json(before["range"]["depth"]);
    if (before.contains("grey_ref") && before["grey_ref"].is_number())
      grey_ref_ = before["grey_ref"].get<double>();
    choose_encoders();
    const json& state = journal_->checkpoint();
    taken_ = state["taken"].get<std::int64_t>();
    summary_.failed = state["failed"].get<std::int64_t>();
    summary_.resumed = taken_;
    steadying_.restore(
        {state["steady"]["previous"].get<std::vector<float>>(), state["steady"]["seconds"].get<double>()});
    if (state.contains("running")) {
      const json& running = state["running"];
      std::vector<double> counts;
      if (running["counts"].size() > 0) counts.assign(NearnessHistogram::kBins, 0);
      for (const json& pair : running["counts"]) counts[pair[0].get<std::size_t>()] = pair[1].get<double>();
      running_.restore(
          {std::move(counts), range_of_json(running["range"]), running["seconds"].get<double>()});
      primed_ = true;
    }
    if (grey_ref_ == 0 && state.contains("grey_ref")) grey_ref_ = state["grey_ref"].get<double>();
    first_pts_ = state["first_pts"].get<std::int64_t>();
    last_pts_ = state["last_pts"].get<std::int64_t>();
    frame_size_ = Size{state["size"][0].get<int>(), state["size"][1].get<int>()};
    const Want want = choice_.looks_ahead() ? Want::kPicture : Want::kTimeOnly;
    for (std::int64_t i = 0; i < taken_; ++i) {
      if (!next_taken(want))
        throw Error(ErrorCode::kVideoDamaged,
                    options_.input + ": the video has fewer frames than before; give --overwrite");
    }
    note(false, "going on after " + std::to_string(taken_) + " frames");
  }

  bool has_grey16() const {
    return std::any_of(plan_.streams.begin(), plan_.streams.end(),
                       [](const StreamPlan& each) { return each.shown == Shown::kGrey16; });
  }

  GreyCode grey_code() const {
    return {way_.result_kind == DepthKind::kMetric, grey_ref_ > 0 ? grey_ref_ : 1};
  }

  json header() const {
    json line = {
        {"type", "video"},
        {"schema", 1},
        {"da3", version()},
        {"path", options_.input},
        {"shown", {{"height", facts_.shown.height}, {"width", facts_.shown.width}}},
        {"turn", facts_.turn_degrees},
        {"mirrored", facts_.mirrored},
        {"sample_aspect", {facts_.sample_aspect.num, facts_.sample_aspect.den}},
        {"time_base", {time_base_.num, time_base_.den}},
        {"declared_seconds", facts_.declared_seconds ? json(*facts_.declared_seconds) : json(nullptr)},
        {"container", facts_.container},
        {"codec", facts_.codec},
        {"bits", facts_.bits},
        {"matrix", facts_.matrix},
        {"matrix_assumed", facts_.matrix_assumed},
        {"full_range", facts_.full_range},
        {"transfer", facts_.transfer},
        {"interlaced", facts_.interlaced},
        {"model", {{"name", model().spec().name}, {"kind", std::string(to_string(way_.result_kind))}}},
        {"steady", steadies_ ? (options_.steady == Steady::kScale ? "scale" : "pictures") : "off"},
        {"key", key()}};
    constexpr std::array kModes{"video", "running", "image", "given"};
    line["range"] = {{"mode", kModes[static_cast<std::size_t>(range_mode_)]},
                     {"depth", json_of(range_)},
                     {"probes", probes_.size()}};
    if (has_grey16() && grey_ref_ > 0) line["grey_ref"] = grey_ref_;
    for (const auto& [name, encoder] : encoders_) line["encoder"][name] = encoder;
    return line;
  }

  StreamSpec spec_of(const StreamPlan& stream, Size size) const {
    StreamSpec spec;
    spec.size = stream.shown == Shown::kSide ? Size{size.height, 2 * size.width} : size;
    spec.time_base = time_base_;
    spec.grey16 = stream.shown == Shown::kGrey16;
    const auto chosen = encoders_.find(stream.name);
    spec.encoder = chosen != encoders_.end() ? chosen->second : options_.encoder;
    spec.crf = options_.crf;
    spec.frames_per_s = facts_.frames_per_s.value_or(25);
    return spec;
  }

  void choose_encoders() {
    for (const StreamPlan& stream : plan_.streams) {
      encoders_[stream.name] = environment_.library->choose_encoder(
          spec_of(stream, depth::result_size(way_, facts_.shown)), stream.container);
    }
  }

  // Reading.

  double seconds_at(const Frame& frame) const {
    if (timestamps_.empty()) return seconds_of(frame.pts, facts_.time_base);
    if (static_cast<std::size_t>(frame.number) >= timestamps_.size()) {
      throw Error(ErrorCode::kUsage, options_.timestamps.string() + ": it has " +
                                         std::to_string(timestamps_.size()) +
                                         " times, and the video more frames; give a time for each");
    }
    return timestamps_[static_cast<std::size_t>(frame.number)];
  }

  /// The next frame that is taken.
  std::optional<Frame> next_taken(Want want = Want::kPicture) {
    while (!ended_) {
      std::optional<Frame> frame = reader_->next(want);
      if (!frame) {
        ended_ = true;
        at_end_ = true;
        if (choice_.looks_ahead() && held_ && choice_.takes_last()) return std::exchange(held_, std::nullopt);
        return std::nullopt;
      }
      const FrameChoice::Verdict verdict = choice_.next(seconds_at(*frame));
      if (verdict == FrameChoice::Verdict::kEnd) {
        ended_ = true;
        return std::nullopt;
      }
      if (!choice_.looks_ahead()) {
        if (verdict == FrameChoice::Verdict::kTake) return frame;
        continue;
      }
      std::optional<Frame> before = std::exchange(held_, std::move(frame));
      if (verdict == FrameChoice::Verdict::kTake) return before;
    }
    return std::nullopt;
  }

  std::unique_ptr<Work> prepared(Frame frame) {
    auto work = std::make_unique<Work>();
    work->seconds = seconds_at(frame);
    work->pts =
        timestamps_.empty()
            ? frame.pts
            : static_cast<std::int64_t>(std::llround(work->seconds * static_cast<double>(time_base_.den)));
    work->taken = taken_++;
    if (!frame.error) {
      work->input = depth::prepare(way_, frame.picture);
      if (!plan_.shows_photo()) {
        const Size size = frame.picture.size;
        frame.picture = Image{size, {}};
      }
    }
    work->frame = std::move(frame);
    return work;
  }

  // Forwards.

  void predict(std::vector<std::unique_ptr<Work>>& batch) {
    std::vector<Work*> waiting;
    for (const auto& work : batch) {
      if (work->frame.error) continue;
      const auto known = probes_.find(work->frame.pts);
      if (known != probes_.end() && known->second.size == work->input.size) {
        work->raw = known->second;
        probes_.erase(known);
      } else {
        waiting.push_back(work.get());
      }
    }
    while (!waiting.empty()) {
      const Size size = waiting.front()->input.size;
      std::vector<Work*> group;
      const auto limit = static_cast<std::size_t>(planner_->next_batch(size));
      for (Work* work : waiting) {
        if (work->input.size == size && group.size() < limit) group.push_back(work);
      }
      std::erase_if(waiting,
                    [&](Work* work) { return std::find(group.begin(), group.end(), work) != group.end(); });
      forward(group, size, waiting);
    }
  }

  void forward(const std::vector<Work*>& group, Size size, std::vector<Work*>& waiting) {
    predict::Request request;
    request.scenes = static_cast<int>(group.size());
    request.size = size;
    for (const Work* work : group) request.pictures.emplace_back(work->input.rgb);
    const Clock::time_point start = Clock::now();
    try {
      const predict::Result result = model().predict(request);
      const double seconds = since(start);
      summary_.forward_s += seconds;
      planner_->succeeded(size, request.scenes, seconds * 1e3, result.peak_bytes);
      for (std::size_t i = 0; i < group.size(); ++i) {
        group[i]->raw = depth::map_of(result.depth, i, size);
        group[i]->forward_ms = seconds * 1e3 / static_cast<double>(group.size());
      }
    } catch (const Error& error) {
      const bool memory = error.code() == ErrorCode::kOutOfMemory;
      if (memory) planner_->ran_out_of_memory(size, request.scenes);
      if (memory && group.size() > 1) {
        waiting.insert(waiting.begin(), group.begin(), group.end());
        return;
      }
      if (error.code() != ErrorCode::kPredictionInvalid) throw;
      for (Work* work : group)
        work->frame.error = Error(error.code(), options_.input + ": frame " +
                                                    std::to_string(work->frame.number) + ": " + error.what());
    }
  }

  std::optional<depth::Focal> focal(Size original) const {
    return depth::find_focal(original, way_.focal_px, way_.hfov_deg, std::nullopt);
  }

  /// Depth, larger is farther, at the network's size.
  DepthMap small_depth(const DepthMap& raw, Size original) const {
    return depth::restore(small_way_, raw, original, focal(original));
  }

  // The range of the whole video, from frames spread over it.

  void probe() {
    std::vector<double> medians;
    NearnessHistogram histogram;
    const auto look_at = [&](Frame frame) {
      if (frame.error || probes_.contains(frame.pts)) return;
      const Size original = frame.picture.size;
      Work work;
      work.input = depth::prepare(way_, frame.picture);
      std::vector<Work*> none;
      forward({&work}, work.input.size, none);
      if (work.raw.values.empty()) return;
      const DepthMap depth = small_depth(work.raw, original);
      histogram.add(depth);
      if (const auto median = median_depth(depth)) medians.push_back(std::log(*median));
      probes_.emplace(frame.pts, std::move(work.raw));
    };
    note(false, "looking at up to " + std::to_string(kProbes) + " frames for one range of colours");
    constexpr double kFewFrames = 1500;
    const double length = facts_.declared_seconds.value_or(0) * facts_.frames_per_s.value_or(0);
    if (facts_.seekable && length > kFewFrames && !options_.choice.limit && timestamps_.empty()) {
      probe_by_time(look_at);
    } else {
      probe_by_number(look_at);
    }
    if (medians.empty()) return;
    double mean = 0;
    for (const double each : medians) mean += each / static_cast<double>(medians.size());
    double variance = 0;
    for (const double each : medians)
      variance += (each - mean) * (each - mean) / static_cast<double>(medians.size());
    // Steadied frames follow the first one's scale, raw ones their own: the range covers both.
    range_ = image::range_of(histogram, steadies_ ? std::sqrt(variance) : 0);
    std::nth_element(medians.begin(), medians.begin() + static_cast<std::ptrdiff_t>(medians.size() / 2),
                     medians.end());
    grey_ref_ = std::exp(medians[medians.size() / 2]);
  }

  template <typename LookAt>
  void probe_by_time(const LookAt& look_at) {
    const std::unique_ptr<VideoReader> reader = open();
    const std::optional<Frame> first = reader->next();
    if (!first) return;
    const double start = options_.choice.start_s;
    const double length = std::min(*facts_.declared_seconds - start,
                                   options_.choice.duration_s.value_or(*facts_.declared_seconds));
    for (std::size_t k = 0; k < kProbes && !stop_.stop_requested(); ++k) {
      const double seconds = start + length * (static_cast<double>(k) + 0.5) / kProbes;
      const auto ticks = static_cast<std::int64_t>(seconds / facts_.time_base.value());
      if (!reader->seek(first->pts + ticks)) break;
      if (auto frame = reader->next()) look_at(std::move(*frame));
    }
  }

  template <typename LookAt>
  void probe_by_number(const LookAt& look_at) {
    std::vector<std::int64_t> taken;
    {
      const std::unique_ptr<VideoReader> reader = open();
      FrameChoice choice(options_.choice);
      std::int64_t before = 0;
      while (const auto frame = reader->next(Want::kTimeOnly)) {
        const FrameChoice::Verdict verdict = choice.next(seconds_at(*frame));
        if (verdict == FrameChoice::Verdict::kEnd) break;
        if (verdict == FrameChoice::Verdict::kTake)
          taken.push_back(choice.looks_ahead() ? before : frame->number);
        before = frame->number;
      }
      if (choice.looks_ahead() && choice.takes_last()) taken.push_back(before);
    }
    std::vector<std::int64_t> chosen;
    const std::size_t count = std::min(kProbes, taken.size());
    for (std::size_t k = 0; k < count; ++k) chosen.push_back(taken[(2 * k + 1) * taken.size() / (2 * count)]);
    const std::unique_ptr<VideoReader> reader = open();
    std::int64_t number = 0;
    for (const std::int64_t wanted : chosen) {
      while (number < wanted && reader->next(Want::kTimeOnly)) ++number;
      auto frame = reader->next();
      if (!frame || stop_.stop_requested()) return;
      ++number;
      look_at(std::move(*frame));
    }
  }

  // Frames in order.

  void process() {
    std::future<void> finishing;
    const bool overlaps = model().device().kind != DeviceKind::kCpu;
    while (!ended_ && !stop_.stop_requested()) {
      std::vector<std::unique_ptr<Work>> batch = read_batch();
      if (batch.empty()) break;
      predict(batch);
      if (finishing.valid()) finishing.get();
      if (overlaps) {
        finishing = std::async(std::launch::async,
                               [this, done = std::move(batch)]() mutable { order(std::move(done)); });
      } else {
        order(std::move(batch));
      }
    }
    if (finishing.valid()) finishing.get();
    if (ended_) flush_backlog();
  }

  std::vector<std::unique_ptr<Work>> read_batch() {
    std::vector<std::unique_ptr<Work>> batch;
    // A checkpoint stands between batches, never within one.
    const std::int64_t room = kSegmentFrames - taken_ % kSegmentFrames;
    std::int64_t wanted = 1;
    while (static_cast<std::int64_t>(batch.size()) < std::min(room, wanted)) {
      std::optional<Frame> frame = next_taken();
      if (!frame) break;
      batch.push_back(prepared(std::move(*frame)));
      const Work& work = *batch.back();
      if (!work.frame.error) wanted = planner_->wanted_batch(work.input.size);
    }
    return batch;
  }

  /// What depends on the frames before: scale and range.
  void order(std::vector<std::unique_ptr<Work>> batch) {
    for (auto& work : batch) {
      if (!work->frame.error && steadies_) {
        work->steadied = steadying_.next(small_depth(work->raw, work->frame.picture.size), work->seconds);
      }
      backlog_.push_back(std::move(work));
    }
    const bool holds_back = range_mode_ == RangeMode::kRunning && plan_.has_pictures() && !primed_;
    if (holds_back && backlog_.size() < RunningRange::kHeldBack) return;
    flush_backlog();
  }

  void flush_backlog() {
    std::vector<std::unique_ptr<Work>> batch = std::exchange(backlog_, {});
    if (batch.empty()) return;
    if (range_mode_ == RangeMode::kRunning && plan_.has_pictures()) {
      for (const auto& work : batch) {
        if (!primed_ && !work->frame.error)
          running_.prime(small_depth(work->raw, work->frame.picture.size), picture_factor(*work));
      }
      primed_ = true;
    }
    for (const auto& work : batch) choose_range(*work);
    core::for_each_parallel(batch.size(), core::usable_cores(), [&](std::size_t i) { finish(*batch[i]); });
    for (const auto& work : batch) write(*work);
  }

  double picture_factor(const Work& work) const { return steadies_ ? work.steadied.factor : 1; }
  double value_factor(const Work& work) const {
    return steadies_ && options_.steady == Steady::kScale ? work.steadied.factor : 1;
  }

  void choose_range(Work& work) {
    if (work.frame.error) return;
    if (range_mode_ == RangeMode::kImage) return;
    work.range = range_;
    if (range_mode_ == RangeMode::kRunning && plan_.has_pictures()) {
      work.range = running_.next(small_depth(work.raw, work.frame.picture.size), picture_factor(work),
                                 work.seconds, work.steadied.cut);
    }
    if (grey_ref_ == 0) grey_ref_ = median_depth(small_depth(work.raw, work.frame.picture.size)).value_or(1);
  }

  /// All of a frame that needs no other. Threads: any.
  void finish(Work& work) const {
    if (work.frame.error) return;
    const Size original = work.frame.picture.size;
    formats::OutputSet& set = work.set;
    set.depth = depth::restore(way_, std::move(work.raw), original, focal(original));
    set.kind = way_.result_kind;
    if (set.kind == DepthKind::kMetric) set.unit = "m";
    const double factor = value_factor(work);
    if (factor != 1) {
      for (float& value : set.depth.values) value = static_cast<float>(value * factor);
    }
    if (plan_.shows_photo()) {
      set.photo = way_.at_model_size ? std::move(work.input) : std::move(work.frame.picture);
      work.frame.picture = Image{original, {}};
    }
    work.summary = formats::summarise(set.depth);
    image::VisOptions vis{options_.colormap, {}};
    // The range is of steadied depth; values that are not steadied meet it by their factor.
    const double to_values = picture_factor(work) / factor;
    if (work.range) vis.range = {work.range->first / to_values, work.range->second / to_values};
    const bool coloured = plan_.pipe == Pipe::kY4m ||
                          std::any_of(plan_.streams.begin(), plan_.streams.end(),
                                      [](const StreamPlan& each) { return each.shown != Shown::kGrey16; });
    if (coloured) work.vis = image::render_depth(set.depth, set.kind, vis);
    if (!plan_.frames.empty()) {
      formats::EncodeOptions encode = options_.encode;
      encode.vis = vis;
      work.files = formats::encode(set, plan_.frames, encode);
    }
  }

  void write(Work& work) {
    json record = {{"type", "frame"},
                   {"path", options_.input},
                   {"frame", work.frame.number},
                   {"pts", work.pts},
                   {"seconds", work.seconds}};
    if (work.frame.error) {
      record["status"] = "failed";
      record["error"] = {{"code", std::string(error_name(work.frame.error->code()))},
                         {"message", work.frame.error->what()}};
      ++summary_.failed;
    } else {
      if (!frame_size_) frame_size_ = work.set.depth.size;
      if (first_pts_ == kNoPts) first_pts_ = work.pts;
      last_pts_ = work.pts;
      record["status"] = "done";
      record["cut"] = work.steadied.cut;
      if (steadies_) record["steady"] = {{"factor", work.steadied.factor}, {"spread", work.steadied.spread}};
      if (work.range) record["range"] = json_of(work.range);
      write_files(work, record);
      write_streams(work);
      write_pipe(work);
      if (work.summary && work.summary->values) {
        const formats::DepthStatistics& values = *work.summary->values;
        record["depth"] = {{"min", values.min}, {"p2", values.p2},   {"median", values.median},
                           {"p98", values.p98}, {"max", values.max}, {"finite", work.summary->finite}};
      }
      record["ms"] = {{"forward", work.forward_ms}};
      ++summary_.done;
    }
    if (journal_) journal_->append(record);
    if (callbacks_.on_record)
      callbacks_.on_record(record.dump(-1, ' ', false, json::error_handler_t::replace));
    tell(work);
    if ((work.taken + 1) % kSegmentFrames == 0) checkpoint(work.taken + 1);
  }

  void tell(const Work& work) const {
    if (!callbacks_.on_progress) return;
    VideoProgress progress;
    progress.done = summary_.done;
    progress.failed = summary_.failed;
    progress.seconds = work.seconds;
    const double elapsed = since(start_);
    progress.frames_per_s = elapsed > 0 ? static_cast<double>(summary_.done) / elapsed : 0;
    if (facts_.declared_seconds && facts_.frames_per_s && !options_.choice.frames_per_s) {
      progress.total = std::llround(*facts_.declared_seconds * *facts_.frames_per_s /
                                    static_cast<double>(options_.choice.every));
    }
    callbacks_.on_progress(progress);
  }

  void write_files(Work& work, json& record) {
    char name[32];
    std::snprintf(name, sizeof(name), "frames/%06lld", static_cast<long long>(work.frame.number));
    for (const formats::EncodedFile& file : work.files.files) {
      const std::string relative = name + std::string(formats::suffix(file.format));
      if (!made_frames_) core::ensure_folder(plan_.folder / "frames");
      made_frames_ = true;
      core::write_file(plan_.folder / relative, file.bytes, core::Existing::kReplace);
      record["outputs"][std::string(formats::to_string(file.format))] = relative;
    }
    if (work.files.png16)
      record["png16"] = {{"scale", work.files.png16->scale}, {"offset", work.files.png16->offset}};
  }

  std::filesystem::path segment_file(const StreamPlan& stream, std::int64_t index) const {
    char number[16];
    std::snprintf(number, sizeof(number), "-%06lld.nut", static_cast<long long>(index));
    return plan_.folder / ".da3-segments" / (stream.name + number);
  }

  void write_streams(Work& work) {
    if (plan_.streams.empty()) return;
    if (segments_.empty()) {
      core::ensure_folder(plan_.folder / ".da3-segments");
      for (const StreamPlan& stream : plan_.streams) {
        const std::filesystem::path file = segment_file(stream, work.taken / kSegmentFrames);
        segments_.push_back(
            environment_.library->segment(file.string() + ".tmp", spec_of(stream, *frame_size_)));
      }
    }
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      switch (plan_.streams[i].shown) {
        case Shown::kVis:
          segments_[i]->write(work.pts, work.vis, work.steadied.cut);
          break;
        case Shown::kSide:
          segments_[i]->write(work.pts, image::side_by_side(*work.set.photo, work.vis), work.steadied.cut);
          break;
        case Shown::kGrey16:
          segments_[i]->write(work.pts, work.set.depth.size, grey_codes(work.set.depth, grey_code()));
          break;
      }
    }
    segment_index_ = work.taken / kSegmentFrames;
  }

  void close_segments() {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      segments_[i]->finish();
      const std::filesystem::path file = segment_file(plan_.streams[i], segment_index_);
      std::error_code failed;
      std::filesystem::rename(file.string() + ".tmp", file, failed);
      if (failed)
        throw Error(ErrorCode::kOutputFailed,
                    file.string() + ": it could not get its name (" + failed.message() + ")");
    }
    segments_.clear();
  }

  void checkpoint(std::int64_t taken) {
    close_segments();
    if (!journal_ || options_.input == "-") return;
    if (!frame_size_) return;
    json line = {{"type", "checkpoint"},
                 {"taken", taken},
                 {"failed", summary_.failed},
                 {"first_pts", first_pts_},
                 {"last_pts", last_pts_},
                 {"size", {frame_size_->height, frame_size_->width}},
                 {"steady", {{"previous", json::array()}, {"seconds", steadying_.state().seconds}}},
                 {"grey_ref", grey_ref_}};
    for (const float value : steadying_.state().previous) {
      line["steady"]["previous"].push_back(std::isfinite(value) ? static_cast<double>(value) : 0.0);
    }
    if (primed_) {
      const RunningRange::State state = running_.state();
      json counts = json::array();
      for (std::size_t i = 0; i < state.counts.size(); ++i) {
        if (state.counts[i] != 0) counts.push_back({i, state.counts[i]});
      }
      line["running"] = {{"counts", counts}, {"range", json_of(state.range)}, {"seconds", state.seconds}};
    }
    journal_->append(line);
  }

  void write_pipe(const Work& work) {
    if (plan_.pipe == Pipe::kNone) return;
    if (plan_.pipe == Pipe::kRaw) {
      put(work.set.depth.values.data(), work.set.depth.values.size() * sizeof(float));
      return;
    }
    if (!pipe_size_) {
      pipe_size_ = work.vis.size;
      double rate = options_.choice.frames_per_s.value_or(facts_.frames_per_s.value_or(25) /
                                                          static_cast<double>(options_.choice.every));
      char text[32];
      std::snprintf(text, sizeof(text), "%.3f", rate);
      const std::string header = y4m_header(*pipe_size_, parse_rate(text));
      put(header.data(), header.size());
    }
    const std::string frame = y4m_frame(
        work.vis.size == *pipe_size_ ? work.vis
                                     : image::resample(work.vis, *pipe_size_, image::Resampling::kArea));
    put(frame.data(), frame.size());
  }

  void put(const void* bytes, std::size_t count) const {
    if (std::fwrite(bytes, 1, count, environment_.standard_output) == count &&
        std::fflush(environment_.standard_output) == 0)
      return;
    if (errno == EPIPE) {
      throw Error(ErrorCode::kPipeClosed, "the program that reads the frames went away after " +
                                              std::to_string(summary_.done) + " of them");
    }
    throw Error(ErrorCode::kOutputFailed,
                std::string("standard output could not be written (") + std::strerror(errno) + ")");
  }

  // The end.

  void complete() {
    close_segments();
    const auto verdict = at_end_ ? reader_->verdict() : std::nullopt;
    if (verdict) {
      summary_.cut_short = true;
      note(true, verdict->what());
    }
    if (reader_->times_repaired() > 0)
      note(true, options_.input + ": " + std::to_string(reader_->times_repaired()) +
                     " times did not grow and were moved on");
    if (summary_.done + summary_.resumed == 0) {
      if (verdict) throw *verdict;
      throw Error(ErrorCode::kVideoDamaged,
                  options_.input + ": no frame of the video could be decoded or none was taken");
    }
    for (const StreamPlan& stream : plan_.streams) join(stream);
    if (!journal_) return;
    journal_->append({{"type", "end"},
                      {"frames", summary_.done + summary_.resumed},
                      {"failed", summary_.failed},
                      {"cut_short", summary_.cut_short},
                      {"times_repaired", reader_->times_repaired()}});
    std::error_code ignored;
    std::filesystem::remove_all(plan_.folder / ".da3-segments", ignored);
    if (plan_.temporary) {
      journal_.reset();
      std::filesystem::remove_all(plan_.folder, ignored);
    }
  }

  void join(const StreamPlan& stream) {
    JoinSpec spec;
    for (std::int64_t i = 0; i <= (taken_ - 1) / kSegmentFrames; ++i) {
      std::error_code failed;
      const std::filesystem::path file = segment_file(stream, i);
      if (std::filesystem::exists(file, failed)) spec.segments.push_back(file);
    }
    if (spec.segments.empty()) return;
    spec.target = plan_.folder / (".da3-join-" + stream.name + ".tmp");
    spec.container = stream.container;
    spec.time_base = time_base_;
    const bool sound = options_.sound && facts_.has_sound && options_.input != "-" && timestamps_.empty();
    const bool from_start = options_.choice.start_s == 0;
    spec.shift = sound && from_start ? 0 : first_pts_;
    if (sound) {
      spec.sound = options_.input;
      if (!from_start) spec.sound_start_s = seconds_of(first_pts_, time_base_);
      if (options_.choice.duration_s || options_.choice.limit) {
        spec.sound_end_s = seconds_of(last_pts_, time_base_) + 1 / facts_.frames_per_s.value_or(25);
      }
    }
    if (stream.shown == Shown::kGrey16) {
      const GreyCode code = grey_code();
      char ref[32];
      std::snprintf(ref, sizeof(ref), "%.17g", code.ref);
      spec.tags = {{"da3:code", code.millimetres ? "millimetres" : "log2"},
                   {"da3:kind", std::string(to_string(way_.result_kind))},
                   {"da3:unit", code.millimetres ? "m" : "none"}};
      if (!code.millimetres) spec.tags.insert(spec.tags.end(), {{"da3:ref", ref}, {"da3:octaves", "16"}});
    }
    for (const std::string& warning : environment_.library->join(spec)) note(true, warning);
    std::error_code failed;
    std::filesystem::rename(spec.target, stream.target, failed);
    if (failed)
      throw Error(ErrorCode::kOutputFailed,
                  stream.target.string() + ": the video could not get this name (" + failed.message() + ")");
  }

  static constexpr std::int64_t kNoPts = std::numeric_limits<std::int64_t>::min();

  const VideoOptions& options_;
  const VideoEnvironment& environment_;
  const VideoCallbacks& callbacks_;
  std::stop_token stop_;
  const Clock::time_point start_ = Clock::now();
  VideoSummary summary_;

  OutputPlan plan_;
  depth::Way way_;
  depth::Way small_way_;  ///< The same with results at the network's size
  std::vector<double> timestamps_;
  bool steadies_ = false;
  RangeMode range_mode_ = RangeMode::kVideo;
  std::optional<DepthRange> range_;
  double grey_ref_ = 0;
  std::unique_ptr<predict::BatchPlanner> planner_;

  std::vector<std::unique_ptr<std::ifstream>> files_;
  std::unique_ptr<VideoReader> reader_;
  VideoFacts facts_;
  Ratio time_base_;
  FrameChoice choice_;
  std::optional<Frame> held_;
  bool ended_ = false;   ///< No frame is left to take
  bool at_end_ = false;  ///< The video was read to its end
  std::int64_t taken_ = 0;
  std::map<std::int64_t, DepthMap> probes_;  ///< Predictions by time, until they are used

  Steadying steadying_{options_.cuts};
  RunningRange running_;
  bool primed_ = false;
  std::vector<std::unique_ptr<Work>> backlog_;

  std::unique_ptr<VideoJournal> journal_;
  std::map<std::string, std::string> encoders_;
  std::vector<std::unique_ptr<SegmentWriter>> segments_;
  std::int64_t segment_index_ = 0;
  std::optional<Size> frame_size_;
  std::int64_t first_pts_ = kNoPts;
  std::int64_t last_pts_ = 0;
  bool made_frames_ = false;
  std::optional<Size> pipe_size_;
};

}  // namespace

VideoSummary run_video(const VideoOptions& options, const VideoEnvironment& environment,
                       const VideoCallbacks& callbacks, std::stop_token stop) {
  return Run(options, environment, callbacks, std::move(stop)).run();
}

}  // namespace da3::video
