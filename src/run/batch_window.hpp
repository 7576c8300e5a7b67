// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include <da3/image.hpp>

#include <run/stages.hpp>

namespace da3::run {

/// Prepared inputs that wait for a forward pass, grouped by their size: a batch never pads or crops.
/// Threads: none; the caller locks.
class BatchWindow {
 public:
  using Batch = std::vector<Prepared>;
  /// How many images of a size are worth waiting for.
  using Wanted = std::function<int(Size)>;

  void add(Prepared prepared);
  /// Puts inputs back in front, in their order. `alone`: each goes into a separate forward pass.
  void put_back(Batch batch, bool alone);

  /// The size whose images are next: of the groups that hold as many as wanted the one with the oldest image;
  /// with `partial` and no such group, the group with the oldest image; else none.
  std::optional<Size> choose(const Wanted& wanted, bool partial) const;

  /// Up to `count` of the oldest images of that size.
  Batch take(Size size, int count);

  std::size_t size() const { return num_images_; }
  bool empty() const { return num_images_ == 0; }
  void clear();

 private:
  struct Waiting {
    Prepared prepared;
    bool alone = false;
  };
  std::map<Size, std::deque<Waiting>> groups_;
  std::size_t num_images_ = 0;
};

}  // namespace da3::run
