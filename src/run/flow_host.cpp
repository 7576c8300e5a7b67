// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <run/flow.hpp>

// Host work: taking inputs from the scanner, decoding, finishing.
namespace da3::run {

void Flow::hold_locked(std::uint64_t bytes) {
  held_bytes_ += bytes;
  largest_held_ = std::max(largest_held_, held_bytes_);
}

void Flow::release_locked(std::uint64_t bytes) {
  held_bytes_ -= bytes;
}

bool Flow::fits_locked(std::uint64_t bytes) const {
  return held_bytes_ + bytes <= limits_.bytes;
}

bool Flow::fits_locked(const Job& decoding) const {
  const std::uint64_t largest = finishing_needs_.empty() ? 0 : *finishing_needs_.rbegin();
  return fits_locked(decoding.decoding_bytes + std::max(largest, decoding.finishing_bytes));
}

bool Flow::may_take_item_locked() const {
  return !stopping_ && parked_.empty() && in_flight_ < window_locked() && scanner_.has_next();
}

Flow::Work Flow::next_work_locked() const {
  if (forwarding_) return Work::kNone;
  const bool host_idle = decoding_ == 0 && finishing_ == 0;
  if (!predicted_.empty()) {
    // Finishing frees memory, so it goes on alone even where it does not fit.
    return host_idle || fits_locked(predicted_.front()->finishing_bytes) ? Work::kFinish : Work::kNone;
  }
  if (!parked_.empty() && !stopping_) {
    const bool alone = host_idle && ready_.empty() && forwards_ == 0;
    return alone || fits_locked(*parked_.front()) ? Work::kDecodeParked : Work::kNone;
  }
  return may_take_item_locked() ? Work::kTakeItem : Work::kNone;
}

void Flow::kick_locked() {
  // A runner takes work until there is none, so that there are never more tasks than threads for them. Which
  // work there is depends on what the runners before have taken: ask for one at a time, each asks for the
  // next.
  if (runners_ < limits_.host_threads && next_work_locked() != Work::kNone) {
    ++runners_;
    host_threads_.call();
  }
}

void Flow::run_host() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const Work work = next_work_locked();
    if (work == Work::kNone) break;
    if (work == Work::kFinish) {
      std::unique_ptr<Job> job = std::move(predicted_.front());
      predicted_.pop_front();
      do_finish(lock, std::move(job));
    } else if (work == Work::kDecodeParked) {
      std::unique_ptr<Job> job = std::move(parked_.front());
      parked_.pop_front();
      do_decode(lock, std::move(job));
    } else {
      do_take_item(lock);
    }
    forward_wake_.notify_all();
  }
  --runners_;
  // The last thing under the lock: the flow may be gone as soon as no runner is left.
  forward_wake_.notify_all();
  caller_wake_.notify_all();
}

void Flow::do_take_item(std::unique_lock<std::mutex>& lock) {
  std::optional<Item> item = scanner_.try_next();
  if (!item) return;
  auto job = std::make_unique<Job>();
  job->item = std::move(*item);
  job->sequence = next_sequence_++;
  ++in_flight_;
  largest_in_flight_ = std::max(largest_in_flight_, in_flight_);
  ++decoding_;
  kick_locked();
  lock.unlock();
  std::optional<Size> size;
  std::exception_ptr fatal;
  try {
    size = inspect(*job, settings_, folder_);
  } catch (const Error& error) {
    fail(*job, error);
  } catch (...) {
    fatal = std::current_exception();
  }
  lock.lock();
  --decoding_;
  if (fatal) return fail_run_locked(fatal);
  if (!size) return complete_locked(std::move(job));
  job->decoding_bytes = decoding_bytes(*size, job->record.identity ? job->record.identity->bytes : 0);
  job->finishing_bytes = finishing_bytes(*size, settings_);
  const std::uint64_t peak =
      std::max(job->decoding_bytes, waiting_bytes(*size, settings_) + job->finishing_bytes);
  job->needed_bytes = peak + peak / 16;  // What the allocator and the forward pass take beside it
  const bool alone = in_flight_ == 1;
  if (parked_.empty() && (alone || fits_locked(*job))) return do_decode(lock, std::move(job));
  parked_.push_back(std::move(job));
}

bool Flow::is_beyond_memory_locked(const Job& job) const {
  // Looking takes 0.1 ms, for which the picture of a phone is large enough. Beside others the window decides.
  constexpr std::uint64_t kWorthALook = std::uint64_t{64} << 20;
  const bool alone = held_bytes_ == 0;
  return limits_.free_bytes && alone && job.needed_bytes > kWorthALook &&
         job.needed_bytes > limits_.free_bytes();
}

void Flow::do_decode(std::unique_lock<std::mutex>& lock, std::unique_ptr<Job> job) {
  if (is_beyond_memory_locked(*job)) {
    fail(*job, beyond_memory(*job, limits_.free_bytes()));
    return complete_locked(std::move(job));
  }
  hold_locked(job->decoding_bytes);
  finishing_needs_.insert(job->finishing_bytes);
  ++decoding_;
  kick_locked();
  lock.unlock();
  bool prepared = false;
  std::exception_ptr fatal;
  try {
    decode(*job, settings_);
    prepared = true;
  } catch (const Error& error) {
    fail(*job, error);
  } catch (const std::bad_alloc&) {
    fail(*job, Error(ErrorCode::kOutOfMemory,
                     job->item.path + ": there is not enough memory to decode this picture"));
  } catch (...) {
    fatal = std::current_exception();
  }
  lock.lock();
  --decoding_;
  release_locked(job->decoding_bytes);
  if (fatal) return fail_run_locked(fatal);
  if (!prepared) return complete_locked(std::move(job));
  job->waiting_bytes = waiting_bytes(job->original, settings_);
  hold_locked(job->waiting_bytes);
  // Known before its first forward, so that the window has room for whole batches from the beginning.
  largest_wanted_ = std::max(largest_wanted_, wanted(job->input.size));
  ready_.add(std::move(job));
}

void Flow::do_finish(std::unique_lock<std::mutex>& lock, std::unique_ptr<Job> job) {
  hold_locked(job->finishing_bytes);
  ++finishing_;
  kick_locked();
  lock.unlock();
  std::exception_ptr fatal;
  try {
    finish(*job, settings_, folder_);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kOutputFailed || error.code() == ErrorCode::kInternal) {
      fatal = std::current_exception();
    } else {
      fail(*job, error);
    }
  } catch (const std::bad_alloc&) {
    fail(*job,
         Error(ErrorCode::kOutOfMemory, job->item.path + ": there is not enough memory to make its results"));
  } catch (...) {
    fatal = std::current_exception();
  }
  lock.lock();
  --finishing_;
  release_locked(job->finishing_bytes + job->waiting_bytes);
  if (fatal) return fail_run_locked(fatal);
  complete_locked(std::move(job));
}

void Flow::complete_locked(std::unique_ptr<Job> job) {
  if (const auto need = finishing_needs_.find(job->finishing_bytes); need != finishing_needs_.end()) {
    finishing_needs_.erase(need);
  }
  job->depth = {};
  job->confidence = {};
  job->sky = {};
  job->input = {};
  completed_.push_back(std::move(job));
  caller_wake_.notify_all();
}

void Flow::fail_run_locked(std::exception_ptr error) {
  if (!error_) error_ = std::move(error);
  stopping_ = true;
  --in_flight_;
  caller_wake_.notify_all();
  forward_wake_.notify_all();
}

}  // namespace da3::run
