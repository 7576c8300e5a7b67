// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <run/rate.hpp>

namespace da3::run {
namespace {

constexpr std::chrono::seconds kSpan{10};
// Slow models finish fewer than one image in the span; the last few still tell the rate.
constexpr std::size_t kFewest = 4;

}  // namespace

void RateMeter::add(Time now, std::size_t images) {
  events_.emplace_back(now, images);
  while (events_.size() > kFewest && events_.front().first < now - kSpan) events_.pop_front();
}

double RateMeter::per_second(Time now, Time start) const {
  if (events_.empty()) return 0;
  std::size_t images = 0;
  for (const auto& [time, count] : events_) images += count;
  // The first event's own duration began at the event before it, which is gone or is the start of the run.
  const Time from = std::max(start, std::min(events_.front().first, now - kSpan));
  const double seconds = std::chrono::duration<double>(now - from).count();
  return seconds > 0 ? static_cast<double>(images) / seconds : 0;
}

}  // namespace da3::run
