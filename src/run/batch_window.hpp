// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <da3/image.hpp>

#include <run/job.hpp>

namespace da3::run {

/// Prepared inputs that wait for a forward, grouped by their size: a batch never pads or crops.
/// Threads: none; the caller locks.
class BatchWindow {
 public:
  using Jobs = std::vector<std::unique_ptr<Job>>;
  /// How many images of a size are worth waiting for.
  using Wanted = std::function<int(Size)>;

  void add(std::unique_ptr<Job> job);
  /// Puts jobs back in front, in their order. `alone`: each goes into a forward of its own.
  void put_back(Jobs jobs, bool alone);

  /// The size whose images are next: of the groups that hold as many as wanted the one with the oldest image;
  /// with `partial` and no such group, the group with the oldest image; else none.
  std::optional<Size> choose(const Wanted& wanted, bool partial) const;

  /// Up to `count` of the oldest images of that size.
  Jobs take(Size size, int count);

  std::size_t size() const { return num_jobs_; }
  bool empty() const { return num_jobs_ == 0; }
  void clear();

 private:
  struct Waiting {
    std::unique_ptr<Job> job;
    bool alone = false;
  };
  std::map<Size, std::deque<Waiting>> groups_;
  std::size_t num_jobs_ = 0;
};

}  // namespace da3::run
