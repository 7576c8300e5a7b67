// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <utility>

#include <core/text.hpp>
#include <run/flow.hpp>

// Forwards: choosing a batch, running it, going on after it failed.
namespace da3::run {
namespace {

predict::Request make_request(const BatchWindow::Jobs& jobs, Size size, const predict::Wanted& wanted) {
  predict::Request request;
  request.scenes = static_cast<int>(jobs.size());
  request.size = size;
  request.wanted = wanted;
  for (const auto& job : jobs) request.pictures.emplace_back(job->input.rgb);
  return request;
}

/// True for errors that one picture of a batch may have brought about.
bool concerns_a_picture(ErrorCode code) {
  return code == ErrorCode::kPredictionInvalid || code == ErrorCode::kUsage;
}

}  // namespace

int Flow::wanted(Size size) const {
  return planner_.wanted_batch(size);
}

std::size_t Flow::window_locked() const {
  if (limits_.images > 0) return limits_.images;
  // Room for a few batches of several shapes, and work for every host thread.
  constexpr std::size_t kBatches = 4;
  constexpr std::size_t kPerThread = 4;
  constexpr std::size_t kMost = 256;
  const auto batch = static_cast<std::size_t>(largest_wanted_);
  const std::size_t enough =
      std::max(kBatches * batch, kPerThread * static_cast<std::size_t>(limits_.host_threads));
  return std::max(batch, std::min(kMost, enough));
}

bool Flow::turn_is_over_locked() const {
  // Long enough that changing over, a few milliseconds, does not count.
  constexpr std::chrono::seconds kLongTurn{1};
  return forwarding_ && predicted_.size() >= static_cast<std::size_t>(limits_.host_threads) &&
         Clock::now() - turn_start_ >= kLongTurn;
}

bool Flow::may_forward_locked() const {
  if (ready_.empty() || stopping_ || turn_is_over_locked()) return false;
  const bool preparing = decoding_ > 0 || next_work_locked() != Work::kNone;
  if (limits_.alternate && !forwarding_) return decoding_ == 0 && finishing_ == 0 && !preparing;
  // In a turn of its own a group that is not full waits for the next turn, unless much would wait.
  const bool partial = limits_.alternate ? ready_.size() * 2 > window_locked() : !preparing;
  return ready_.choose([this](Size size) { return wanted(size); }, partial).has_value();
}

BatchWindow::Jobs Flow::choose_batch_locked(Size& size) {
  size = *ready_.choose([this](Size each) { return wanted(each); }, true);
  const int batch = planner_.next_batch(size);
  largest_wanted_ = std::max(largest_wanted_, wanted(size));
  return ready_.take(size, batch);
}

void Flow::run_forwards() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!may_forward_locked()) {
      if (forwarding_) {
        forwarding_ = false;
        kick_locked();
        continue;
      }
      if (closing_) return;
      forward_wake_.wait(lock);
      continue;
    }
    if (limits_.alternate && !forwarding_) {
      forwarding_ = true;
      turn_start_ = Clock::now();
    }
    Size size;
    BatchWindow::Jobs jobs = choose_batch_locked(size);
    forward(lock, std::move(jobs), size);
    kick_locked();
    caller_wake_.notify_all();
  }
}

void Flow::forward(std::unique_lock<std::mutex>& lock, BatchWindow::Jobs jobs, Size size) {
  const int batch = static_cast<int>(jobs.size());
  ShapeSummary& shape = shapes_[size];
  shape.size = size;
  if (batch > shape.batch) shape.predicted_bytes = planner_.predicted_bytes(size, batch);
  ++forwards_;
  kick_locked();
  lock.unlock();
  predict::Result result;
  std::optional<Error> error;
  std::exception_ptr fatal;
  const Clock::time_point start = Clock::now();
  try {
    result = model_.predict(make_request(jobs, size, settings_.wanted));
  } catch (const Error& caught) {
    error = caught;
  } catch (const std::bad_alloc&) {
    error = Error(ErrorCode::kOutOfMemory, "forward of " + std::to_string(batch) + " images: memory ran out");
  } catch (...) {
    fatal = std::current_exception();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  lock.lock();
  --forwards_;
  busy_[static_cast<std::size_t>(Stage::kForward)] += seconds;
  if (fatal) {
    in_flight_ -= jobs.size() - 1;
    return fail_run_locked(fatal);
  }
  if (error) return recover_locked(std::move(jobs), size, *error);
  accept_locked(std::move(jobs), size, result, seconds);
}

void Flow::accept_locked(BatchWindow::Jobs jobs, Size size, const predict::Result& result, double seconds) {
  constexpr double kMsPerS = 1e3;
  const int batch = static_cast<int>(jobs.size());
  ShapeSummary& shape = shapes_[size];
  shape.images += jobs.size();
  if (batch >= shape.batch && result.peak_bytes) {
    shape.measured_bytes =
        std::max(batch > shape.batch ? 0 : shape.measured_bytes.value_or(0), *result.peak_bytes);
  }
  shape.batch = std::max(shape.batch, batch);
  last_batch_ = batch;
  rate_.add(Clock::now(), jobs.size());
  if (planner_.succeeded(size, batch, seconds * kMsPerS, result.peak_bytes)) {
    note_locked(
        false, core::size_text(size) + ": batches of " + std::to_string(planner_.shape(size).batch) + " pay");
  }
  for (int index = 0; index < batch; ++index) {
    std::unique_ptr<Job>& job = jobs[static_cast<std::size_t>(index)];
    try {
      take_result(*job, result, index, batch, seconds);
      predicted_.push_back(std::move(job));
    } catch (const Error& error) {
      fail(*job, error);
      release_locked(job->waiting_bytes);
      complete_locked(std::move(job));
    }
  }
}

void Flow::recover_locked(BatchWindow::Jobs jobs, Size size, const Error& error) {
  const int batch = static_cast<int>(jobs.size());
  const bool out_of_memory = error.code() == ErrorCode::kOutOfMemory;
  if (!out_of_memory && !concerns_a_picture(error.code())) {
    in_flight_ -= jobs.size() - 1;
    return fail_run_locked(std::make_exception_ptr(error));
  }
  if (out_of_memory) planner_.ran_out_of_memory(size, batch);
  if (batch == 1) {
    std::unique_ptr<Job> job = std::move(jobs.front());
    fail(*job, Error(error.code(), job->item.path + ": " + error.what()));
    release_locked(job->waiting_bytes);
    return complete_locked(std::move(job));
  }
  if (out_of_memory) {
    note_locked(true, core::size_text(size) + ": memory ran out with " + std::to_string(batch) +
                          " images in a forward; going on with " + std::to_string(wanted(size)));
  }
  ready_.put_back(std::move(jobs), /*alone=*/!out_of_memory);
}

void Flow::note_locked(bool warning, std::string text) {
  notes_.push_back({warning, std::move(text)});
}

}  // namespace da3::run
