// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <predict/batch_planner.hpp>
#include <predict/depth_model.hpp>
#include <predict/memory_probe.hpp>

#include <run/batch_window.hpp>
#include <run/held_bytes.hpp>
#include <run/host_threads.hpp>
#include <run/rate.hpp>
#include <run/run.hpp>
#include <run/scanner.hpp>
#include <run/schedule.hpp>
#include <run/settings.hpp>
#include <run/sink.hpp>
#include <run/stages.hpp>

namespace da3::run {

/// What a flow works with. Lifetime: of the caller, beyond the flow's.
struct FlowParts {
  Scanner& scanner;
  const Settings& settings;
  Sink& sink;
  predict::DepthModel& model;
  predict::BatchPlanner& planner;
  predict::MemoryProbe& memory;
  const Callbacks& callbacks;
};

/// The threads around the stages (stages.hpp), which do what the schedule (schedule.hpp) says.
///
/// Three kinds of threads share one lock: host runners (HostThreads) inspect, prepare and finish, inference
/// threads run forward passes, the thread that calls `run` hands records to the sink and calls back. The work
/// itself, files and what the system says of memory are looked at without the lock.
class Flow {
 public:
  Flow(const FlowParts& parts, const Limits& limits);
  ~Flow();
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  /// Runs until all is done, stopped or failed. Throws: what ends a run.
  Summary run(std::stop_token stop);

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;

  /// Inputs that a thread works on.
  struct AtWork {
    std::size_t inspecting = 0;
    std::size_t preparing = 0;
    std::size_t forwarding = 0;
    std::size_t finishing = 0;
    std::size_t telling = 0;
  };
  struct Forwarded;

  // Names ending in _locked need the lock; functions that take it release it while they work.
  Load load_locked() const;
  void fail_run_locked(std::exception_ptr error);
  template <typename Work>
  auto without_lock(Lock& lock, Work work) -> std::optional<decltype(work())>;

  // Host work (flow_host.cpp).
  void kick_locked();
  void run_host();
  void take_item(Lock& lock);
  void prepare_next(Lock& lock);
  void finish_next(Lock& lock);
  void end_locked(Outcome outcome);

  // Forward passes (flow_forward.cpp).
  void run_forwards();
  ForwardStep forward_step_locked() const;
  void forward(Lock& lock, BatchWindow::Batch batch, Size size);
  Forwarded predict(BatchWindow::Batch& batch, Size size) const;
  void accept_locked(Forwarded forwarded, Size size);
  void recover_locked(BatchWindow::Batch batch, Size size, const Forwarded& forwarded);
  void note_locked(bool warning, std::string text);
  int wanted(Size size) const { return parts_.planner.wanted_batch(size); }

  // The calling thread (flow.cpp).
  void wake();
  void work_until_finished();
  bool finished_locked() const;
  void drop_waiting_locked();
  void tell(std::vector<Outcome> outcomes);
  [[noreturn]] void rethrow_locked() const;
  Progress progress_locked() const;
  Summary summary_locked() const;

  const FlowParts parts_;
  const Limits limits_;
  const Clock::time_point start_ = Clock::now();

  mutable std::mutex mutex_;
  std::condition_variable forward_wake_;
  std::condition_variable caller_wake_;
  HeldBytes held_;                   ///< Before what holds shares of it
  std::deque<Inspected> inspected_;  ///< Wait for memory
  BatchWindow ready_;
  std::deque<Predicted> predicted_;
  std::vector<Outcome> ended_;  ///< For the calling thread
  std::vector<Note> notes_;
  AtWork at_work_;
  std::exception_ptr error_;
  bool stopping_ = false;  ///< Interrupted or failed: nothing new begins
  bool interrupted_ = false;
  bool closing_ = false;        ///< Inference threads shall end
  bool forwards_turn_ = false;  ///< Alternating: the host's work rests
  Clock::time_point turn_start_{};
  int runners_ = 0;  ///< Host threads at work or called
  std::uint64_t next_sequence_ = 0;
  int largest_wanted_ = 1;

  // What is told.
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::size_t skipped_ = 0;
  bool in_folders_ = false;
  int last_batch_ = 0;
  StageSeconds busy_{};
  RateMeter rate_;
  std::size_t largest_in_flight_ = 0;
  std::map<Size, ShapeSummary> shapes_;

  HostThreads host_threads_;  ///< Last: its threads end before what they use
};

/// What `work` gives without the lock; none where it throws, which ends the run.
template <typename Work>
auto Flow::without_lock(Lock& lock, Work work) -> std::optional<decltype(work())> {
  lock.unlock();
  std::optional<decltype(work())> result;
  std::exception_ptr error;
  try {
    result.emplace(work());
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  if (error) fail_run_locked(std::move(error));
  return result;
}

/// Counts inputs as being worked on, from one holding of the lock to another.
class Counted {
 public:
  explicit Counted(std::size_t& count, std::size_t inputs = 1) : count_(count), inputs_(inputs) {
    count_ += inputs_;
  }
  ~Counted() { count_ -= inputs_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
  std::size_t inputs_;
};

}  // namespace da3::run
