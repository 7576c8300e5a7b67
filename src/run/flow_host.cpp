// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <variant>

#include <run/flow.hpp>
#include <run/need.hpp>

// Host work: taking inputs from the scanner, preparing, finishing.
namespace da3::run {
namespace {

template <typename Value>
Value take_first(std::deque<Value>& queue) {
  Value first = std::move(queue.front());
  queue.pop_front();
  return first;
}

}  // namespace

void Flow::kick_locked() {
  // A runner takes work until there is none, so that there are never more tasks than threads for them. Which
  // work there is depends on what the runners before have taken: ask for one at a time, each asks for the
  // next.
  if (runners_ < limits_.host_threads && next_host_step(load_locked(), limits_) != HostStep::kNone) {
    ++runners_;
    host_threads_.call();
  }
}

void Flow::run_host() {
  Lock lock(mutex_);
  for (;;) {
    const HostStep step = next_host_step(load_locked(), limits_);
    if (step == HostStep::kNone) break;
    if (step == HostStep::kFinish) {
      finish_next(lock);
    } else if (step == HostStep::kPrepare) {
      prepare_next(lock);
    } else {
      take_item(lock);
    }
    forward_wake_.notify_all();
  }
  --runners_;
  // The last thing under the lock: the flow may be gone as soon as no runner is left.
  forward_wake_.notify_all();
  caller_wake_.notify_all();
}

void Flow::take_item(Lock& lock) {
  std::optional<Item> item = parts_.scanner.try_next();
  if (!item) return;
  Ticket ticket;
  ticket.item = std::move(*item);
  ticket.sequence = next_sequence_++;
  ticket.held = held_.share();
  const Counted counted(at_work_.inspecting);
  largest_in_flight_ = std::max(largest_in_flight_, load_locked().under_way());
  kick_locked();
  auto result = without_lock(lock, [&] { return inspect(std::move(ticket), parts_.settings, parts_.sink); });
  if (!result) return;
  if (auto* const outcome = std::get_if<Outcome>(&*result)) return end_locked(std::move(*outcome));
  inspected_.push_back(std::get<Inspected>(std::move(*result)));
}

void Flow::prepare_next(Lock& lock) {
  Inspected inspected = take_first(inspected_);
  const Need need = inspected.ticket.need;
  const bool look = is_worth_a_look_at_memory(load_locked(), need);
  const Counted counted(at_work_.preparing);
  inspected.ticket.held.hold(need.decoding);
  inspected.ticket.held.will_finish_with(need.finishing);
  kick_locked();
  auto result = without_lock(lock, [&]() -> std::variant<Prepared, Outcome> {
    const std::uint64_t free_bytes = look ? parts_.memory.host().free_bytes : need.peak();
    if (need.peak() > free_bytes) {
      const Error error = beyond_memory(inspected.ticket.item.path, need, free_bytes);
      return failure(std::move(inspected.ticket), error);
    }
    return prepare(std::move(inspected), parts_.settings);
  });
  if (!result) return;
  if (auto* const outcome = std::get_if<Outcome>(&*result)) return end_locked(std::move(*outcome));
  Prepared prepared = std::get<Prepared>(std::move(*result));
  // Known before its first forward pass, so that the window has room for whole batches from the beginning.
  largest_wanted_ = std::max(largest_wanted_, wanted(prepared.input.size));
  ready_.add(std::move(prepared));
}

void Flow::finish_next(Lock& lock) {
  Predicted predicted = take_first(predicted_);
  const Need& need = predicted.ticket.need;
  predicted.ticket.held.hold(need.waiting + need.finishing);
  const Counted counted(at_work_.finishing);
  kick_locked();
  auto outcome =
      without_lock(lock, [&] { return finish(std::move(predicted), parts_.settings, parts_.sink); });
  if (outcome) end_locked(std::move(*outcome));
}

void Flow::end_locked(Outcome outcome) {
  ended_.push_back(std::move(outcome));
  caller_wake_.notify_all();
}

}  // namespace da3::run
