// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <run/batch_window.hpp>

namespace da3::run {

void BatchWindow::add(Prepared prepared) {
  const Size size = prepared.input.size;
  groups_[size].push_back({std::move(prepared), false});
  ++num_images_;
}

void BatchWindow::put_back(Batch batch, bool alone) {
  num_images_ += batch.size();
  for (auto prepared = batch.rbegin(); prepared != batch.rend(); ++prepared) {
    const Size size = prepared->input.size;
    groups_[size].push_front({std::move(*prepared), alone});
  }
}

std::optional<Size> BatchWindow::choose(const Wanted& wanted, bool partial) const {
  std::optional<Size> full;
  std::optional<Size> oldest;
  std::uint64_t full_age = 0;
  std::uint64_t oldest_age = 0;
  for (const auto& [size, group] : groups_) {
    const std::uint64_t age = group.front().prepared.ticket.sequence;
    if (!oldest || age < oldest_age) {
      oldest = size;
      oldest_age = age;
    }
    const bool is_full = group.front().alone || group.size() >= static_cast<std::size_t>(wanted(size));
    if (is_full && (!full || age < full_age)) {
      full = size;
      full_age = age;
    }
  }
  return full || !partial ? full : oldest;
}

BatchWindow::Batch BatchWindow::take(Size size, int count) {
  Batch batch;
  const auto group = groups_.find(size);
  if (group == groups_.end()) return batch;
  std::deque<Waiting>& waiting = group->second;
  if (waiting.front().alone) count = 1;
  while (!waiting.empty() && batch.size() < static_cast<std::size_t>(count)) {
    if (waiting.front().alone && !batch.empty()) break;
    batch.push_back(std::move(waiting.front().prepared));
    waiting.pop_front();
  }
  num_images_ -= batch.size();
  if (waiting.empty()) groups_.erase(group);
  return batch;
}

void BatchWindow::clear() {
  groups_.clear();
  num_images_ = 0;
}

}  // namespace da3::run
