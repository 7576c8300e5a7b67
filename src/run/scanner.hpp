// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <run/options.hpp>
#include <run/source.hpp>

namespace da3::run {

/// Asks a source for its inputs on a thread of its own and holds what was found but not yet taken: paths
/// only.
///
/// The thread may hang in a read of standard input; the destructor then leaves it behind with all that it
/// uses, so that a run can be interrupted.
class Scanner {
 public:
  struct Counts {
    std::size_t seen = 0;                 ///< By the source
    std::size_t missing = 0;              ///< Of these, paths that are not there
    std::size_t found = 0;                ///< Within shard and limit
    std::size_t folders_not_entered = 0;  ///< As Source says
    bool ended = false;
    double busy_s = 0;
  };

  Scanner(std::unique_ptr<Source> source, std::optional<Shard> shard, std::optional<std::size_t> limit);
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  /// `on_change` is called from the scanner's thread when there is something to take again and at the end; an
  /// empty one ends that, and no call is under way afterwards.
  void notify(std::function<void()> on_change);

  /// The next item if one was found already.
  std::optional<Item> try_next();
  /// True if `try_next` has something to give.
  bool has_next() const;
  Counts counts() const;
  /// Throws what ended the scan early, if anything did.
  void rethrow() const;
  /// Returns when an input that is there was found, the scan has ended, or the time is over.
  void wait_for_first(std::chrono::milliseconds time);

 private:
  struct State;
  static void scan(const std::shared_ptr<State>& state);
  /// Returns true once the limit is reached.
  static bool add(State& state, Item item);

  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace da3::run
