// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <run/flow.hpp>

// The thread that called: manifest, callbacks, beginning and end.
namespace da3::run {
namespace {

constexpr std::chrono::milliseconds kTick{100};

ImageEvent make_event(const Job& job) {
  ImageEvent event;
  event.path = job.item.path;
  switch (job.record.status) {
    case journal::ImageStatus::kDone:
      event.status = ImageStatus::kDone;
      break;
    case journal::ImageStatus::kSkipped:
      event.status = ImageStatus::kSkipped;
      break;
    case journal::ImageStatus::kFailed:
      event.status = ImageStatus::kFailed;
      break;
  }
  event.error = job.error;
  if (job.record.error) event.message = job.record.error->message;
  event.warnings = job.record.warnings;
  event.json = journal::to_json(job.record);
  return event;
}

}  // namespace

Flow::Flow(Scanner& scanner, const Settings& settings, journal::ResultFolder& folder,
           predict::DepthModel& model, predict::BatchPlanner& planner, const FlowLimits& limits,
           const Callbacks& callbacks)
    : scanner_(scanner),
      settings_(settings),
      folder_(folder),
      model_(model),
      planner_(planner),
      limits_(limits),
      callbacks_(callbacks),
      host_threads_(limits.host_threads, [this] { run_host(); }) {
  scanner_.notify([this] { wake(); });
}

Flow::~Flow() {
  scanner_.notify(nullptr);
}

void Flow::wake() {
  const std::lock_guard lock(mutex_);
  kick_locked();
  forward_wake_.notify_all();
  caller_wake_.notify_all();
}

bool Flow::finished_locked() const {
  if (runners_ > 0 || forwards_ > 0 || !completed_.empty() || !notes_.empty()) return false;
  if (stopping_) return predicted_.empty() || error_;
  return in_flight_ == 0 && scanner_.counts().ended && !scanner_.has_next();
}

void Flow::drop_waiting_locked() {
  in_flight_ -= ready_.size() + parked_.size();
  ready_.clear();
  parked_.clear();
  if (!error_) return;
  in_flight_ -= predicted_.size();
  predicted_.clear();
}

Summary Flow::run(std::stop_token stop) {
  const std::stop_callback on_stop(stop, [this] {
    const std::lock_guard lock(mutex_);
    stopping_ = interrupted_ = true;
    forward_wake_.notify_all();
    caller_wake_.notify_all();
  });
  // Ends and joins them also where this function is left by an exception, such as of a system without further
  // threads.
  struct Forwards {
    explicit Forwards(std::function<void()> how) : end(std::move(how)) {}
    Forwards(const Forwards&) = delete;
    Forwards& operator=(const Forwards&) = delete;
    std::function<void()> end;
    std::vector<std::thread> threads;
    ~Forwards() {
      end();
      for (std::thread& thread : threads) thread.join();
    }
  };
  std::optional<Forwards> inference;
  inference.emplace([this] {
    const std::lock_guard lock(mutex_);
    closing_ = stopping_ = true;
    forward_wake_.notify_all();
  });
  const bool accelerator = model_.device().kind != DeviceKind::kCpu;
  const int forwards = accelerator && !limits_.alternate ? std::max(1, model_.concurrency()) : 1;
  for (int i = 0; i < forwards; ++i) inference->threads.emplace_back([this] { run_forwards(); });

  std::unique_lock lock(mutex_);
  kick_locked();
  Clock::time_point next_progress = start_;
  while (!finished_locked()) {
    if (stopping_) drop_waiting_locked();
    std::vector<std::unique_ptr<Job>> jobs = std::exchange(completed_, {});
    const std::vector<Note> notes = std::exchange(notes_, {});
    const bool tick = Clock::now() >= next_progress;
    if (!jobs.empty() || !notes.empty() || tick) {
      const Progress progress = progress_locked();
      lock.unlock();
      std::exception_ptr failure;
      const std::size_t delivered = jobs.size();
      try {
        for (const Note& note : notes) {
          if (callbacks_.on_note) callbacks_.on_note(note);
        }
        deliver(std::move(jobs));
        if (tick && callbacks_.on_progress) callbacks_.on_progress(progress);
      } catch (...) {
        failure = std::current_exception();
      }
      if (tick) next_progress = Clock::now() + kTick;
      lock.lock();
      in_flight_ -= delivered;
      if (failure) {
        ++in_flight_;  // fail_run_locked takes one off
        fail_run_locked(failure);
      }
      kick_locked();
      forward_wake_.notify_all();
      continue;
    }
    caller_wake_.wait_until(lock, next_progress);
  }
  lock.unlock();
  inference.reset();
  if (callbacks_.on_progress) callbacks_.on_progress(progress());
  lock.lock();
  if (error_) rethrow_locked();
  scanner_.rethrow();
  return summary_locked();
}

void Flow::rethrow_locked() const {
  try {
    std::rethrow_exception(error_);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kOutputFailed) throw;
    const Scanner::Counts counts = scanner_.counts();
    const std::size_t left = counts.found - std::min(counts.found, done_ + failed_ + skipped_);
    throw Error(error.code(), std::string(error.what()) + "; " + std::to_string(left) +
                                  (counts.ended ? "" : " or more") + " of " + std::to_string(counts.found) +
                                  " results are missing, and the same command goes on with them");
  }
}

void Flow::deliver(std::vector<std::unique_ptr<Job>> jobs) {
  for (const std::unique_ptr<Job>& job : jobs) {
    folder_.record(job->record);
    {
      const std::lock_guard lock(mutex_);
      switch (job->record.status) {
        case journal::ImageStatus::kDone:
          ++done_;
          break;
        case journal::ImageStatus::kSkipped:
          ++skipped_;
          break;
        case journal::ImageStatus::kFailed:
          ++failed_;
          break;
      }
      for (const Stage stage : {Stage::kDecode, Stage::kPreprocess, Stage::kResize, Stage::kWrite}) {
        busy_[static_cast<std::size_t>(stage)] += job->times[stage];
      }
    }
    if (callbacks_.on_image) callbacks_.on_image(make_event(*job));
  }
}

Progress Flow::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_locked();
}

Progress Flow::progress_locked() const {
  const Clock::time_point now = Clock::now();
  const Scanner::Counts counts = scanner_.counts();
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
  summary.largest_held_bytes = largest_held_;
  for (const auto& [size, shape] : shapes_) {
    summary.shapes.push_back(shape);
    summary.shapes.back().reason = to_string(planner_.shape(size).limit);
  }
  return summary;
}

}  // namespace da3::run
