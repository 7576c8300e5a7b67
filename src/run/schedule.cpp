// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <run/schedule.hpp>

namespace da3::run {
namespace {

bool fits(const Load& load, const Limits& limits, std::uint64_t bytes) {
  return load.held_bytes + bytes <= limits.bytes;
}

/// With room to finish whichever input takes most for it.
bool fits_with_finishing(const Load& load, const Limits& limits) {
  const Need& need = load.next_inspected;
  const std::uint64_t more = need.decoding - std::min(need.decoding, load.next_inspected_bytes);
  return fits(load, limits, more + std::max(load.largest_finishing, need.finishing));
}

bool host_can_go_on(const Load& load, const Limits& limits) {
  return next_host_step(load, limits) != HostStep::kNone;
}

bool turn_is_long(const Load& load, const Limits& limits) {
  // Long enough that changing over, a few milliseconds, does not count.
  constexpr double kLongTurnS = 1;
  return load.predicted >= static_cast<std::size_t>(limits.host_threads) && load.turn_s >= kLongTurnS;
}

bool may_forward_alternating(const Load& load, const Limits& limits) {
  if (!load.forwards_turn) return load.at_host() == 0 && !host_can_go_on(load, limits);
  if (turn_is_long(load, limits)) return false;
  // A group that is not full waits for the next turn, unless much would wait.
  return load.full_batch || load.ready * 2 > window(load, limits);
}

bool may_forward_overlapping(const Load& load, const Limits& limits) {
  return load.full_batch || (load.inspecting == 0 && load.preparing == 0 && !host_can_go_on(load, limits));
}

}  // namespace

std::uint64_t Need::peak() const {
  constexpr std::uint64_t kOther = 16;
  const std::uint64_t most = std::max(decoding, waiting + finishing);
  return most + most / kOther;
}

std::size_t Load::under_way() const {
  return inspecting + inspected + preparing + ready + forwarding + predicted + finishing + ended;
}

std::size_t window(const Load& load, const Limits& limits) {
  if (limits.images > 0) return limits.images;
  // Room for a few batches of several shapes, and work for every host thread.
  constexpr std::size_t kBatches = 4;
  constexpr std::size_t kPerThread = 4;
  constexpr std::size_t kMost = 256;
  const auto batch = static_cast<std::size_t>(load.largest_batch);
  const std::size_t enough =
      std::max(kBatches * batch, kPerThread * static_cast<std::size_t>(limits.host_threads));
  return std::max(batch, std::min(kMost, enough));
}

HostStep next_host_step(const Load& load, const Limits& limits) {
  if (load.forwards_turn) return HostStep::kNone;
  const bool host_idle = load.at_host() == 0;
  if (load.predicted > 0) {
    return host_idle || fits(load, limits, load.next_predicted.finishing) ? HostStep::kFinish
                                                                          : HostStep::kNone;
  }
  if (load.stopping) return HostStep::kNone;
  if (load.inspected > 0) {
    const bool alone = host_idle && load.ready == 0 && load.forwarding == 0;
    return alone || fits_with_finishing(load, limits) ? HostStep::kPrepare : HostStep::kNone;
  }
  return load.found && load.under_way() < window(load, limits) ? HostStep::kTake : HostStep::kNone;
}

ForwardStep next_forward_step(const Load& load, const Limits& limits) {
  const bool may =
      load.ready > 0 && !load.stopping &&
      (limits.alternate ? may_forward_alternating(load, limits) : may_forward_overlapping(load, limits));
  if (may) return ForwardStep::kForward;
  return load.forwards_turn ? ForwardStep::kEndTurn : ForwardStep::kWait;
}

bool is_worth_a_look_at_memory(const Load& load, const Need& need) {
  // Looking takes 0.1 ms, for which the picture of a phone is large enough.
  constexpr std::uint64_t kWorthALook = std::uint64_t{64} << 20;
  const bool alone = load.preparing + load.ready + load.forwarding + load.predicted + load.finishing == 0;
  return alone && need.peak() > kWorthALook;
}

}  // namespace da3::run
