// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace da3::video::av {

/// A packet of which no frame came.
struct Refused {
  std::optional<std::int64_t> time;
  std::string error;
  std::optional<std::int64_t> packet;  ///< Its number, where it is known
};

/// Finds the places of packets that a decoder refuses among its frames. It refuses them in the order of
/// decoding, with threads some packets late, and does not say which one it was: one that was sent and whose
/// frame does not come in its turn. Times are those of presentation, of decoding where there are no others;
/// none where a packet or a frame has neither. Packets are numbered in the order of decoding.
class RefusedPackets {
 public:
  void sent(std::int64_t packet, std::optional<std::int64_t> time);
  void refused(std::string error);

  /// A packet of which nobody has to wait for a frame: it will not be sent.
  void lost(std::int64_t packet, std::optional<std::int64_t> time, const std::string& error);

  /// No frames will be taken of the packets from `first` on that have none yet. `error` is the first one's,
  /// and is not among the `refused`.
  void lost_from(std::int64_t first, const std::string& error, const std::string& error_of_others);

  /// Those that are shown before the frame of `time`, which comes next from the decoder: that of `packet`,
  /// 0 where it is not known.
  std::vector<Refused> before(std::optional<std::int64_t> time, std::int64_t packet = 0);

  /// Those that are left when no frame comes any more.
  std::vector<Refused> rest();

  /// Of a packet whose frame did not come yet.
  std::optional<std::int64_t> time_of(std::int64_t packet) const;

  /// Whether the frame of a packet that was sent before `packet` may come after the frame of `packet`, which
  /// is shown at `time` and came.
  bool awaits_earlier(std::int64_t packet, std::int64_t time) const;

 private:
  using Packets = std::map<std::int64_t, std::optional<std::int64_t>>;

  struct Error {
    std::string text;
    int frames = 0;  ///< That came since
  };

  Packets::iterator first_after(std::optional<std::int64_t> time);
  Refused take(Packets::iterator packet);
  std::vector<Refused> take_lost(std::optional<std::int64_t> before);
  void forget_until(std::optional<std::int64_t> time, std::int64_t packet);

  Packets unseen_;  ///< Times of the packets whose frames did not come yet
  std::deque<Error> errors_;
  std::vector<Refused> lost_;
  bool untimed_ = false;              ///< The packet that was sent last has no time
  std::optional<std::int64_t> last_;  ///< Time of the last frame that has one
};

}  // namespace da3::video::av
