// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <da3/image.hpp>

namespace da3::video {

/// The colours of a frame: how many of its pixels have each of 8 x 8 x 8 colours. Of large ones 16,384 to
/// 65,536 are looked at, evenly spread. Empty: not known.
using Look = std::vector<std::uint32_t>;
Look look_of(const Image& picture);

/// The share of pixels, 0 to 1, that would have to change colour for one look to be the other. None is empty.
double change_between(const Look& first, const Look& second);

/// Finds where another scene begins: the colours change by far more than they did lately. Frames in order.
class CutFinder {
 public:
  struct Verdict {
    double change = 0;  ///< From the frame before; 0 for the first
    bool cut = false;
  };
  /// A frame without a look is passed over.
  Verdict next(const Look& look);

  /// All that the next frame depends on, for going on after an interruption.
  struct State {
    Look previous;
    double usual = 0.1;  ///< Change from frame to frame lately; before there was any, that of a fast camera
  };
  const State& state() const { return state_; }
  void restore(State state) { state_ = std::move(state); }

 private:
  State state_;
};

}  // namespace da3::video
