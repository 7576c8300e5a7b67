// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace da3::video::av {

/// Which frames may build on a packet that is damaged: those that are decoded after it, up to the next key
/// frame. Frames that are decoded after a key frame and shown before it may build on what came before it,
/// too; none but their like builds on them. Which frames really do, only the decoder knows.
class Lineage {
 public:
  /// Packets are numbered in the order of decoding; `time`: of presentation, if it is known.
  void sent(std::int64_t packet, bool key, std::optional<std::int64_t> time);

  /// One of the packets that were sent.
  void damaged(std::int64_t packet);

  bool builds_on_damaged(std::int64_t packet) const;

 private:
  struct Key {
    std::int64_t packet = 0;
    std::optional<std::int64_t> time;
  };
  /// What the frame of a packet comes from.
  struct Origin {
    std::int64_t first = 0;     ///< The first packet that it may build on
    std::int64_t leads_to = 0;  ///< The key frame that it is shown before and decoded after; 0: none
  };

  Origin origin_of(std::int64_t packet) const;

  Key key_;  ///< The last one
  Key before_;
  std::map<std::int64_t, Origin> origins_;
  std::map<std::int64_t, std::int64_t> damaged_;  ///< Origin::leads_to of each
};

}  // namespace da3::video::av
