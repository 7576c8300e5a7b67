// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <journal/result_folder.hpp>
#include <predict/batch_planner.hpp>
#include <predict/depth_model.hpp>

#include <run/batch_window.hpp>
#include <run/host_threads.hpp>
#include <run/job.hpp>
#include <run/rate.hpp>
#include <run/run.hpp>
#include <run/scanner.hpp>
#include <run/settings.hpp>

namespace da3::run {

/// How much may be under way at a time.
struct FlowLimits {
  int host_threads = 1;
  bool alternate = false;                       ///< Forwards and host work take turns
  std::size_t images = 0;                       ///< Inputs held at a time; 0: from the batches that pay
  std::uint64_t bytes = 0;                      ///< Bytes of pictures and results held at a time
  std::function<std::uint64_t()> free_bytes{};  ///< Of the host now; empty: not looked at
};

/// The stages at work.
///
/// Three kinds of threads share one lock: host runners (HostThreads) decode and finish, inference
/// threads run forwards, the thread that calls `run` keeps the manifest and calls back. An input is taken
/// from the scanner only while fewer than the window's inputs are under way, and decoded only while its
/// bytes, known from its header, fit beside what is held; finishing comes before decoding, for it frees
/// memory. A larger input goes on when nothing else does, and fails alone if it needs more than the host has
/// free.
///
/// When alternating, host work rests while forwards run, and forwards begin when the window is full or
/// nothing more can be prepared: no core serves two masters, and both kinds of work use all of them. A turn
/// of slow forwards ends as soon as there is work for every host thread, so that results do not wait long.
class Flow {
 public:
  Flow(Scanner& scanner, const Settings& settings, journal::ResultFolder& folder, predict::DepthModel& model,
       predict::BatchPlanner& planner, const FlowLimits& limits, const Callbacks& callbacks);
  ~Flow();
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  /// Runs until all is done, stopped or failed. Throws: what ends a run.
  Summary run(std::stop_token stop);

 private:
  enum class Work { kNone, kFinish, kDecodeParked, kTakeItem };
  using Clock = std::chrono::steady_clock;

  // Host work (flow_host.cpp). Names ending in _locked need the lock.
  Work next_work_locked() const;
  bool fits_locked(std::uint64_t bytes) const;
  bool fits_locked(const Job& decoding) const;
  bool may_take_item_locked() const;
  void kick_locked();
  void run_host();
  void do_take_item(std::unique_lock<std::mutex>& lock);
  bool is_beyond_memory_locked(const Job& job) const;
  void do_decode(std::unique_lock<std::mutex>& lock, std::unique_ptr<Job> job);
  void do_finish(std::unique_lock<std::mutex>& lock, std::unique_ptr<Job> job);
  void hold_locked(std::uint64_t bytes);
  void release_locked(std::uint64_t bytes);
  void complete_locked(std::unique_ptr<Job> job);
  void fail_run_locked(std::exception_ptr error);

  // Forwards (flow_forward.cpp).
  void run_forwards();
  bool may_forward_locked() const;
  bool turn_is_over_locked() const;
  BatchWindow::Jobs choose_batch_locked(Size& size);
  void forward(std::unique_lock<std::mutex>& lock, BatchWindow::Jobs jobs, Size size);
  void accept_locked(BatchWindow::Jobs jobs, Size size, const predict::Result& result, double seconds);
  void recover_locked(BatchWindow::Jobs jobs, Size size, const Error& error);
  void note_locked(bool warning, std::string text);
  std::size_t window_locked() const;
  int wanted(Size size) const;

  // The calling thread (flow.cpp).
  void wake();
  [[noreturn]] void rethrow_locked() const;
  bool finished_locked() const;
  void deliver(std::vector<std::unique_ptr<Job>> jobs);
  Progress progress() const;
  Progress progress_locked() const;
  Summary summary_locked() const;
  void drop_waiting_locked();

  Scanner& scanner_;
  const Settings& settings_;
  journal::ResultFolder& folder_;
  predict::DepthModel& model_;
  predict::BatchPlanner& planner_;
  const FlowLimits limits_;
  const Callbacks& callbacks_;
  const Clock::time_point start_ = Clock::now();

  mutable std::mutex mutex_;
  std::condition_variable forward_wake_;
  std::condition_variable caller_wake_;
  std::deque<std::unique_ptr<Job>> parked_;  ///< Inspected, waiting for memory
  BatchWindow ready_;
  std::deque<std::unique_ptr<Job>> predicted_;   ///< Waiting to be finished
  std::vector<std::unique_ptr<Job>> completed_;  ///< Waiting for the calling thread
  std::vector<Note> notes_;
  std::exception_ptr error_;
  bool stopping_ = false;  ///< Interrupted or failed: nothing new begins
  bool interrupted_ = false;
  bool closing_ = false;     ///< Inference threads shall end
  bool forwarding_ = false;  ///< Alternating: it is the forwards' turn
  Clock::time_point turn_start_{};
  int runners_ = 0;  ///< Host threads at work or called
  int decoding_ = 0;
  int finishing_ = 0;
  int forwards_ = 0;
  std::size_t in_flight_ = 0;
  std::uint64_t held_bytes_ = 0;
  /// What finishing takes of each input that is decoded or waits: room for the largest is kept free.
  std::multiset<std::uint64_t> finishing_needs_;
  std::uint64_t next_sequence_ = 0;

  // What is told.
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::size_t skipped_ = 0;
  int last_batch_ = 0;
  int largest_wanted_ = 1;
  StageSeconds busy_{};
  RateMeter rate_;
  std::size_t largest_in_flight_ = 0;
  std::uint64_t largest_held_ = 0;
  std::map<Size, ShapeSummary> shapes_;

  HostThreads host_threads_;  ///< Last: its threads end before what they use
};

}  // namespace da3::run
