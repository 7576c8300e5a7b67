// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <run/batch_window.hpp>

namespace da3::run {

void BatchWindow::add(std::unique_ptr<Job> job) {
  const Size size = job->input.size;
  groups_[size].push_back({std::move(job), false});
  ++num_jobs_;
}

void BatchWindow::put_back(Jobs jobs, bool alone) {
  num_jobs_ += jobs.size();
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
    const Size size = (*job)->input.size;
    groups_[size].push_front({std::move(*job), alone});
  }
}

std::optional<Size> BatchWindow::choose(const Wanted& wanted, bool partial) const {
  std::optional<Size> full;
  std::optional<Size> oldest;
  std::uint64_t full_age = 0;
  std::uint64_t oldest_age = 0;
  for (const auto& [size, group] : groups_) {
    const std::uint64_t age = group.front().job->sequence;
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

BatchWindow::Jobs BatchWindow::take(Size size, int count) {
  Jobs jobs;
  const auto group = groups_.find(size);
  if (group == groups_.end()) return jobs;
  std::deque<Waiting>& waiting = group->second;
  if (waiting.front().alone) count = 1;
  while (!waiting.empty() && jobs.size() < static_cast<std::size_t>(count)) {
    if (waiting.front().alone && !jobs.empty()) break;
    jobs.push_back(std::move(waiting.front().job));
    waiting.pop_front();
  }
  num_jobs_ -= jobs.size();
  if (waiting.empty()) groups_.erase(group);
  return jobs;
}

void BatchWindow::clear() {
  groups_.clear();
  num_jobs_ = 0;
}

}  // namespace da3::run
