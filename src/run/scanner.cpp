// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <utility>

#include <da3/error.hpp>

#include <run/input_source.hpp>
#include <run/scanner.hpp>

namespace da3::run {
namespace {

// How long a scan may take to notice that nobody waits for it any more.
constexpr std::chrono::milliseconds kPatience{500};

}  // namespace

struct Scanner::State {
  std::unique_ptr<Source> source;
  std::optional<Shard> shard;
  std::optional<std::size_t> limit;

  std::mutex callback_mutex;        ///< Taken before `mutex`, and held while `on_change` runs
  std::function<void()> on_change;  ///< Empty once the scanner is gone

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<Item> items;
  Counts counts;
  std::exception_ptr error;
  bool abandoned = false;
  bool usable_found = false;
};

Scanner::Scanner(std::unique_ptr<Source> source, std::optional<Shard> shard, std::optional<std::size_t> limit)
    : state_(std::make_shared<State>()) {
  state_->source = std::move(source);
  state_->shard = shard;
  state_->limit = limit;
  thread_ = std::thread(scan, state_);
}

Scanner::~Scanner() {
  notify(nullptr);
  std::unique_lock lock(state_->mutex);
  state_->abandoned = true;
  const bool ended = state_->changed.wait_for(lock, kPatience, [this] { return state_->counts.ended; });
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void Scanner::notify(std::function<void()> on_change) {
  const std::lock_guard lock(state_->callback_mutex);
  state_->on_change = std::move(on_change);
}

void Scanner::scan(const std::shared_ptr<State>& state) {
  using Clock = std::chrono::steady_clock;
  bool ended = false;
  while (!ended) {
    const Clock::time_point start = Clock::now();
    std::optional<Item> item;
    std::exception_ptr error;
    try {
      item = state->source->next();
    } catch (...) {
      error = std::current_exception();
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const std::lock_guard callback_lock(state->callback_mutex);
    bool tell = false;
    {
      const std::lock_guard lock(state->mutex);
      state->counts.busy_s += seconds;
      state->counts.folders_not_entered = state->source->folders_not_entered();
      state->error = error;
      ended = !item || state->abandoned;
      // Whoever found nothing to take must be told; others come back by themselves.
      tell = state->items.empty();
      if (item && add(*state, std::move(*item))) ended = true;
      state->counts.ended = ended;
      state->changed.notify_all();
    }
    if (state->on_change && (tell || ended)) state->on_change();
  }
}

bool Scanner::add(State& state, Item item) {
  Counts& counts = state.counts;
  ++counts.seen;
  if (item.error && item.error->code() == ErrorCode::kInputNotFound) ++counts.missing;
  state.usable_found = state.usable_found || !item.error;
  if (state.shard && !takes(*state.shard, item)) return false;
  state.items.push_back(std::move(item));
  ++counts.found;
  return state.limit && counts.found >= *state.limit;
}

std::optional<Item> Scanner::try_next() {
  const std::lock_guard lock(state_->mutex);
  if (state_->items.empty()) return std::nullopt;
  Item item = std::move(state_->items.front());
  state_->items.pop_front();
  return item;
}

bool Scanner::has_next() const {
  const std::lock_guard lock(state_->mutex);
  return !state_->items.empty();
}

Scanner::Counts Scanner::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

void Scanner::rethrow() const {
  const std::lock_guard lock(state_->mutex);
  if (state_->error) std::rethrow_exception(state_->error);
}

void Scanner::wait_for_first(std::chrono::milliseconds time) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, time, [this] { return state_->usable_found || state_->counts.ended; });
}

}  // namespace da3::run
