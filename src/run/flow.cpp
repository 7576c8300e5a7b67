// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <run/flow.hpp>

// The thread that called: records, callbacks, beginning and end.
namespace da3::run {
namespace {

constexpr std::chrono::milliseconds kTick{100};

/// Threads that are ended and joined also where their owner is left by an exception, such as of a system
/// without further threads.
class Threads {
 public:
  explicit Threads(std::function<void()> end) : end_(std::move(end)) {}
  ~Threads() {
    end_();
    for (std::thread& thread : threads_) thread.join();
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  void start(const std::function<void()>& work) { threads_.emplace_back(work); }

 private:
  std::function<void()> end_;
  std::vector<std::thread> threads_;
};

ImageEvent make_event(const Outcome& outcome, std::string json) {
  ImageEvent event;
  event.path = outcome.record.path;
  event.status = outcome.record.status;
  event.error = outcome.error;
  if (outcome.record.error) event.message = outcome.record.error->message;
  event.warnings = outcome.record.warnings;
  event.json = std::move(json);
  return event;
}

}  // namespace

Flow::Flow(const FlowParts& parts, const Limits& limits)
    : parts_(parts), limits_(limits), host_threads_(limits.host_threads, [this] { run_host(); }) {
  parts_.scanner.notify([this] { wake(); });
}

Flow::~Flow() {
  parts_.scanner.notify(nullptr);
}

void Flow::wake() {
  const std::lock_guard lock(mutex_);
  kick_locked();
  forward_wake_.notify_all();
  caller_wake_.notify_all();
}

Load Flow::load_locked() const {
  Load load;
  load.found = parts_.scanner.has_next();
  load.inspecting = at_work_.inspecting;
  load.inspected = inspected_.size();
  load.preparing = at_work_.preparing;
  load.ready = ready_.size();
  load.forwarding = at_work_.forwarding;
  load.predicted = predicted_.size();
  load.finishing = at_work_.finishing;
  load.ended = ended_.size() + at_work_.telling;
  if (!inspected_.empty()) {
    load.next_inspected = inspected_.front().ticket.need;
    load.next_inspected_bytes = inspected_.front().ticket.held.bytes();
  }
  if (!predicted_.empty()) load.next_predicted = predicted_.front().ticket.need;
  load.held_bytes = held_.now();
  load.largest_finishing = held_.largest_finishing();
  load.largest_batch = largest_wanted_;
  load.stopping = stopping_;
  load.forwards_turn = forwards_turn_;
  if (forwards_turn_) load.turn_s = std::chrono::duration<double>(Clock::now() - turn_start_).count();
  return load;
}

void Flow::fail_run_locked(std::exception_ptr error) {
  if (!error_) error_ = std::move(error);
  stopping_ = true;
  caller_wake_.notify_all();
  forward_wake_.notify_all();
}

bool Flow::finished_locked() const {
  if (runners_ > 0 || at_work_.forwarding > 0 || !ended_.empty() || !notes_.empty()) return false;
  if (stopping_) return predicted_.empty() || error_;
  return load_locked().under_way() == 0 && parts_.scanner.counts().ended && !parts_.scanner.has_next();
}

void Flow::drop_waiting_locked() {
  ready_.clear();
  inspected_.clear();
  if (error_) predicted_.clear();
}

Summary Flow::run(std::stop_token stop) {
  const std::stop_callback on_stop(stop, [this] {
    const std::lock_guard lock(mutex_);
    stopping_ = interrupted_ = true;
    forward_wake_.notify_all();
    caller_wake_.notify_all();
  });
  {
    Threads inference([this] {
      const std::lock_guard lock(mutex_);
      closing_ = stopping_ = true;
      forward_wake_.notify_all();
    });
    const bool accelerator = parts_.model.device().kind != DeviceKind::kCpu;
    const int forwards = accelerator && !limits_.alternate ? std::max(1, parts_.model.concurrency()) : 1;
    for (int i = 0; i < forwards; ++i) inference.start([this] { run_forwards(); });
    work_until_finished();
  }
  Lock lock(mutex_);
  const Progress last = progress_locked();
  lock.unlock();
  if (parts_.callbacks.on_progress) parts_.callbacks.on_progress(last);
  lock.lock();
  if (error_) rethrow_locked();
  parts_.scanner.rethrow();
  return summary_locked();
}

void Flow::work_until_finished() {
  Lock lock(mutex_);
  kick_locked();
  Clock::time_point next_progress = start_;
  while (!finished_locked()) {
    if (stopping_) drop_waiting_locked();
    std::vector<Outcome> outcomes = std::exchange(ended_, {});
    const std::vector<Note> notes = std::exchange(notes_, {});
    const bool tick = Clock::now() >= next_progress;
    if (outcomes.empty() && notes.empty() && !tick) {
      caller_wake_.wait_until(lock, next_progress);
      continue;
    }
    const Progress progress = progress_locked();
    {
      const Counted counted(at_work_.telling, outcomes.size());
      without_lock(lock, [&] {
        for (const Note& note : notes) {
          if (parts_.callbacks.on_note) parts_.callbacks.on_note(note);
        }
        tell(std::move(outcomes));
        if (tick && parts_.callbacks.on_progress) parts_.callbacks.on_progress(progress);
        return true;
      });
    }
    if (tick) next_progress = Clock::now() + kTick;
    kick_locked();
    forward_wake_.notify_all();
  }
}

void Flow::tell(std::vector<Outcome> outcomes) {
  for (const Outcome& outcome : outcomes) {
    std::string json = journal::to_json(outcome.record);
    parts_.sink.record(outcome.record, json);
    {
      const std::lock_guard lock(mutex_);
      switch (outcome.record.status) {
        case ImageStatus::kDone:
          ++done_;
          break;
        case ImageStatus::kSkipped:
          ++skipped_;
          break;
        case ImageStatus::kFailed:
          ++failed_;
          break;
      }
      in_folders_ = in_folders_ || std::ranges::any_of(outcome.record.outputs, [](const auto& output) {
                      return output.second.find('/') != std::string::npos;
                    });
      for (const Stage stage : {Stage::kDecode, Stage::kPreprocess, Stage::kResize, Stage::kWrite}) {
        busy_[static_cast<std::size_t>(stage)] += outcome.seconds[static_cast<std::size_t>(stage)];
      }
    }
    if (parts_.callbacks.on_image) parts_.callbacks.on_image(make_event(outcome, std::move(json)));
  }
}

void Flow::rethrow_locked() const {
  try {
    std::rethrow_exception(error_);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kOutputFailed) throw;
    const Scanner::Counts counts = parts_.scanner.counts();
    const std::size_t left = counts.found - std::min(counts.found, done_ + failed_ + skipped_);
    throw Error(error.code(), std::string(error.what()) + "; " + std::to_string(left) +
                                  (counts.ended ? "" : " or more") + " of " + std::to_string(counts.found) +
                                  " results are missing, and the same command goes on with them");
  }
}

Progress Flow::progress_locked() const {
  const Clock::time_point now = Clock::now();
  const Scanner::Counts counts = parts_.scanner.counts();
  Progress progress;
  progress.done = done_;
  progress.failed = failed_;
  progress.skipped = skipped_;
  progress.found = counts.found;
  if (counts.ended) progress.total = counts.found;
  progress.images_per_s = rate_.per_second(now, start_);
  if (progress.total && progress.images_per_s > 0) {
    const std::size_t left = *progress.total - std::min(*progress.total, done_ + failed_ + skipped_);
    progress.remaining_s = static_cast<double>(left) / progress.images_per_s;
  }
  progress.elapsed_s = std::chrono::duration<double>(now - start_).count();
  progress.batch = last_batch_;
  progress.busy_s = busy_;
  progress.busy_s[static_cast<std::size_t>(Stage::kScan)] = counts.busy_s;
  return progress;
}

Summary Flow::summary_locked() const {
  const Progress progress = progress_locked();
  Summary summary;
  summary.done = done_;
  summary.failed = failed_;
  summary.skipped = skipped_;
  summary.in_folders = in_folders_;
  summary.folders_not_entered = parts_.scanner.counts().folders_not_entered;
  summary.interrupted = interrupted_ && !(progress.total && done_ + failed_ + skipped_ == *progress.total);
  summary.elapsed_s = progress.elapsed_s;
  summary.busy_s = progress.busy_s;
  double slowest = -1;
  for (std::size_t stage = 0; stage < kNumStages; ++stage) {
    const bool host =
        stage != static_cast<std::size_t>(Stage::kForward) && stage != static_cast<std::size_t>(Stage::kScan);
    const double seconds = summary.busy_s[stage] / (host ? limits_.host_threads : 1);
    if (seconds > slowest) {
      slowest = seconds;
      summary.slowest = static_cast<Stage>(stage);
    }
  }
  summary.largest_in_flight = largest_in_flight_;
  summary.largest_held_bytes = held_.most_so_far();
  for (const auto& [size, shape] : shapes_) {
    summary.shapes.push_back(shape);
    summary.shapes.back().reason = to_string(parts_.planner.shape(size).limit);
  }
  return summary;
}

}  // namespace da3::run
