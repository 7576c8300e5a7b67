// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <video/batches.hpp>
#include <video/earlier_files.hpp>
#include <video/finish_frame.hpp>
#include <video/frame_predictor.hpp>
#include <video/frame_source.hpp>
#include <video/frame_writer.hpp>
#include <video/frames_over_time.hpp>
#include <video/probe.hpp>
#include <video/records.hpp>
#include <video/run_video.hpp>
#include <video/video_journal.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/host/host_memory.hpp>
#include <core/json_reading.hpp>
#include <core/parallel.hpp>

namespace da3::video {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

class Run {
 public:
  Run(const VideoOptions& options, const VideoEnvironment& environment, const VideoCallbacks& callbacks,
      std::stop_token stop)
      : options_(options),
        environment_(environment),
        callbacks_(callbacks),
        stop_(std::move(stop)),
        plan_(plan_video(options, environment.model->spec(), environment.library)),
        source_(options, environment.library),
        predictor_(options, environment),
        over_time_(plan_),
        writer_(plan_, environment, source_),
        team_(predictor_.shares_cores() ? std::min(3, core::usable_cores()) : 4) {}

  VideoSummary run() {
    summary_.where = plan_.outputs.text;
    tell_facts();
    if (finished_before()) return summary_;
    if (journal_ && !journal_->checkpoint().is_null()) {
      go_on();
    } else {
      begin();
    }
    process();
    if (!all_read_) {
      summary_.interrupted = true;
    } else {
      complete();
    }
    summary_.forward_s = predictor_.forward_s();
    summary_.elapsed_s = elapsed_s();
    return summary_;
  }

 private:
  double elapsed_s() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  void note(bool warning, const std::string& text) const {
    if (callbacks_.on_note) callbacks_.on_note(warning, text);
  }

  void tell_facts() const {
    const VideoFacts& facts = source_.facts();
    if (facts.turn_degrees != 0 || facts.mirrored)
      note(false, "frames are turned by " + std::to_string(facts.turn_degrees) + " degrees");
    if (options_.input == "-") note(false, "a pipe cannot be read again: an interrupted run starts anew");
  }

  // Before the first frame.

  [[noreturn]] void refuse_taken() const {
    throw Error(ErrorCode::kOutputExists,
                plan_.outputs.text + ": the file is there already; give --overwrite to replace it");
  }

  /// True if an earlier run did all of it. Opens the journal.
  bool finished_before() {
    const OutputPlan& outputs = plan_.outputs;
    for (const StreamPlan& stream : outputs.streams)
      core::require_another_file(stream.target, options_.input);
    std::error_code failed;
    const bool taken = outputs.temporary && !options_.overwrite &&
                       std::filesystem::exists(outputs.streams.front().target, failed);
    // A run that was killed while it tidied up left its journal.
    const bool may_be_ours = taken && std::filesystem::exists(outputs.folder / VideoJournal::kName, failed);
    if (taken && !may_be_ours) refuse_taken();
    if (outputs.folder.empty()) return false;
    const json key = run_key(plan_, *environment_.model);
    journal_ = std::make_unique<VideoJournal>(outputs.folder, key, options_.overwrite,
                                              [&](const json& line) { return are_there(outputs, line); });
    const json end = journal_->end();
    if (taken && end.is_null()) refuse_taken();
    if (!end.is_null()) {
      believe([&] {
        summary_.resumed = whole(end, "frames");
        summary_.failed = whole(end, "failed");
        summary_.cut_short = end.at("cut_short").get<bool>();
      });
    }
    if (options_.input == "-" && journal_->ended()) {
      throw Error(ErrorCode::kOutputExists,
                  outputs.folder.string() +
                      ": it has the results of a pipe, which may have been another than this one; "
                      "give --overwrite to make them anew, or another folder with --output");
    }
    if (end.is_null()) return false;
    remove_work();
    return true;
  }

  /// Before anything is computed: an encoder that is missing, or sound that goes nowhere, is told now.
  const std::map<std::string, std::string>& choose_streams() {
    const std::map<std::string, std::string>& encoders = writer_.streams().choose();
    for (const std::string& warning : writer_.streams().warnings()) note(true, warning);
    return encoders;
  }

  void begin() {
    if (journal_) {
      require_own_videos(plan_.outputs, journal_->earlier());
      require_input_stays(plan_.outputs.folder, options_.input, journal_->earlier());
      if (!options_.overwrite) require_videos_stay(plan_.outputs, journal_->earlier());
    }
    const std::map<std::string, std::string>& encoders = choose_streams();
    const bool looks =
        plan_.range_mode == RangeMode::kVideo && (plan_.outputs.has_pictures() || plan_.outputs.has_grey16());
    if (looks) {
      note(false, "looking at up to 64 frames for one range of colours");
      over_time_.whole_video(probe(plan_, environment_.library, source_, predictor_, team_, stop_));
    }
    const WholeVideo whole{over_time_.range(), predictor_.kept(), over_time_.grey_ref(), encoders};
    if (journal_) {
      remove_earlier(plan_.outputs.folder, journal_->earlier());
      journal_->append(video_record(plan_, *environment_.model, source_.facts(), source_.time_base(), whole));
    }
  }

  /// Reads what the journal holds, which anybody may have written. Throws: Error kOutputExists.
  void believe(const std::function<void()>& read) const {
    try {
      read();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& problem) {
      throw Error(ErrorCode::kOutputExists, plan_.outputs.folder.string() + ": its manifest is damaged (" +
                                                problem.what() +
                                                "); give --overwrite to begin anew, or another folder");
    }
  }

  static std::int64_t whole(const json& object, const char* name) {
    const auto number = core::whole_number<std::int64_t>(object.at(name));
    if (!number || *number < 0) throw std::out_of_range(std::string(name) + " is no number of frames");
    return *number;
  }

  void go_on() {
    std::int64_t taken = 0;
    believe([&] {
      const json& before = journal_->header();
      Probed probed;
      probed.range = range_of_json(before.at("range").at("depth"));
      if (before.contains("grey_ref")) probed.grey_ref = before.at("grey_ref").get<double>();
      over_time_.whole_video(probed);
      const json& state = journal_->checkpoint();
      over_time_.restore(state);
      writer_.restore(state);
      summary_.failed = whole(state, "failed");
      taken = whole(state, "taken");
    });
    choose_streams();
    summary_.resumed = taken - summary_.failed;
    source_.skip(taken);
    note(false, "going on after " + std::to_string(taken) + " frames");
  }

  // Frames in order.

  /// While a network runs on a CPU it has all cores; between its passes, writing frames, reading the next
  /// ones and finishing the last ones share them. On a device all four run at a time.
  void process() {
    const bool shares_cores = predictor_.shares_cores();
    Batch current = next_batch(plan_, predictor_, source_);
    Batch predicted;
    Finished finished;
    while (!current.empty() && !stop_.stop_requested()) {
      if (shares_cores) {
        predictor_.predict(current);
        predicted = std::move(current);
      }
      Batch next;
      Finished ready;
      // Writing takes longest. It comes first, on this thread: each segment's encoders take megabytes, which
      // malloc would keep for each thread that ever began one.
      const std::array<std::function<void()>, 4> steps = {
          [&] { write(std::move(finished)); }, [&] { next = next_batch(plan_, predictor_, source_); },
          [&] { ready = finish(over_time_.next(std::move(predicted))); },
          [&] { predictor_.predict(current); }};
      const std::size_t count = shares_cores ? 3 : 4;
      team_.for_each(count, [&](std::size_t i) { steps[i](); });
      finished = std::move(ready);
      predicted = std::move(current);
      current = std::move(next);
    }
    write(std::move(finished));
    write(finish(over_time_.next(std::move(predicted))));
    // A pipe that is asked to stop ends there, but not by itself.
    const bool cut_off = options_.input == "-" && stop_.stop_requested();
    all_read_ = current.empty() && source_.ended() && !cut_off;
    if (all_read_) write(finish(over_time_.rest()));
  }

  /// Frames that wait to be written.
  struct Finished {
    Batch batch;
    /// What the frame after them depends on, where a checkpoint follows them.
    json over_time;
  };

  Finished finish(Batch batch) {
    // One core writes at the same time.
    const int threads = predictor_.shares_cores() ? core::usable_cores() - 1 : core::usable_cores();
    core::for_each_parallel(batch.size(), threads,
                            [&](std::size_t i) { finish_frame(plan_, *batch[i], spare_); });
    Finished finished{std::move(batch), {}};
    if (!finished.batch.empty() && is_checkpoint(*finished.batch.back()))
      finished.over_time = over_time_.state();
    return finished;
  }

  static bool is_checkpoint(const Work& work) { return (work.taken + 1) % kSegmentFrames == 0; }

  void write(Finished finished) {
    for (const WorkPtr& work : finished.batch) {
      write(*work);
      if (is_checkpoint(*work)) checkpoint(work->taken + 1, finished.over_time);
    }
  }

  void write(Work& work) {
    json record = frame_record(plan_, work);
    writer_.write(work, record);
    ++(work.frame.error ? summary_.failed : summary_.done);
    if (!work.frame.error && work.frame.builds_on_damaged) ++doubtful_;
    if (work.frame.error && callbacks_.on_failure) callbacks_.on_failure(work.frame.error->what());
    if (journal_) journal_->append(record);
    if (callbacks_.on_record)
      callbacks_.on_record(record.dump(-1, ' ', false, json::error_handler_t::replace));
    tell_progress(work);
    keep_memory(work, spare_);
  }

  void tell_progress(const Work& work) const {
    if (!callbacks_.on_progress) return;
    const VideoFacts& facts = source_.facts();
    VideoProgress progress;
    progress.done = summary_.done;
    progress.failed = summary_.failed;
    progress.seconds = work.seconds;
    const double elapsed = elapsed_s();
    progress.frames_per_s = elapsed > 0 ? static_cast<double>(summary_.done) / elapsed : 0;
    if (facts.declared_seconds && facts.frames_per_s && !options_.choice.frames_per_s) {
      progress.total = std::llround(*facts.declared_seconds * *facts.frames_per_s /
                                    static_cast<double>(options_.choice.every));
    }
    callbacks_.on_progress(progress);
  }

  void checkpoint(std::int64_t taken, const json& over_time) {
    const std::vector<std::filesystem::path> segments = writer_.streams().close();
    if (!journal_ || options_.input == "-" || !writer_.any()) return;
    json line = {{"type", "checkpoint"},
                 {"taken", taken},
                 {"failed", summary_.failed},
                 {"segments", segments_json(segments)}};
    line.update(over_time);
    line.update(writer_.state());
    journal_->append(line);
  }

  // The end.

  void complete() {
    writer_.streams().close();
    const auto verdict = source_.at_end() ? source_.verdict() : std::nullopt;
    if (verdict) {
      summary_.cut_short = true;
      note(true, verdict->what());
    }
    if (const std::int64_t repaired = source_.times_repaired(); repaired > 0) {
      note(true, options_.input + ": " + std::to_string(repaired) + " times did not grow and were moved on");
    }
    if (doubtful_ > 0) {
      note(true, options_.input + ": " + std::to_string(doubtful_) +
                     " frames may show what damaged ones left (builds_on_damaged)");
    }
    const std::string complaints = source_.complaints();
    if (!complaints.empty() && summary_.failed == 0 && doubtful_ == 0 && !verdict) {
      note(true, options_.input +
                     ": frames may be wrong or missing, FFmpeg found errors that it passed over (" +
                     complaints + ")");
    }
    if (summary_.done + summary_.resumed == 0) {
      if (verdict) throw *verdict;
      throw Error(ErrorCode::kVideoDamaged,
                  options_.input + ": no frame of the video could be decoded or none was taken");
    }
    if (options_.constant_fps) {
      note(false, std::to_string(writer_.repeated()) + " frames were shown again and " +
                      std::to_string(writer_.dropped()) + " left out for a constant rate");
    }
    const auto on_joined = [this](const std::filesystem::path& file) {
      // The last line of a run that is killed before its end: the one file is there, and it is ours.
      if (!plan_.outputs.temporary) return;
      json line = end_record("joined");
      line["file"] = segments_json({file}).front();
      journal_->append(line);
    };
    for (const std::string& warning : writer_.join(source_.taken(), over_time_.grey_ref(), on_joined))
      note(true, warning);
    if (!journal_) return;
    journal_->append(end_record("end"));
    remove_work();
  }

  json end_record(const char* type) const {
    json end = {{"type", type},
                {"frames", summary_.done + summary_.resumed},
                {"failed", summary_.failed},
                {"cut_short", summary_.cut_short},
                {"times_repaired", source_.times_repaired()}};
    if (options_.constant_fps) {
      end["repeated"] = writer_.repeated();
      end["dropped"] = writer_.dropped();
    }
    return end;
  }

  /// What only a run that goes on needs.
  void remove_work() {
    std::error_code ignored;
    std::filesystem::remove_all(writer_.streams().folder(), ignored);
    if (plan_.outputs.temporary) {
      journal_.reset();
      std::filesystem::remove_all(plan_.outputs.folder, ignored);
    }
  }

  const VideoOptions& options_;
  const VideoEnvironment& environment_;
  const VideoCallbacks& callbacks_;
  std::stop_token stop_;
  const Clock::time_point start_ = Clock::now();
  VideoSummary summary_;

  VideoPlan plan_;
  FrameSource source_;
  FramePredictor predictor_;
  FramesOverTime over_time_;
  FrameWriter writer_;
  SpareMemory spare_;
  core::Team team_;
  std::unique_ptr<VideoJournal> journal_;
  std::int64_t doubtful_ = 0;  ///< Frames of this run that build on damaged ones
  bool all_read_ = false;      ///< Every frame was read and finished
};

}  // namespace

int decoder_threads(DeviceKind device, int cores) {
  return std::max(1, device == DeviceKind::kCpu ? cores / 2 : cores);
}

VideoSummary run_video(const VideoOptions& options, const VideoEnvironment& environment,
                       const VideoCallbacks& callbacks, std::stop_token stop) {
  return Run(options, environment, callbacks, std::move(stop)).run();
}

}  // namespace da3::video
