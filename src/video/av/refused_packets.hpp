// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace da3::video::av {

/// A packet of which no frame came.
struct Refused {
  std::optional<std::int64_t> time;
  std::string error;
};

/// Finds the places of packets that a decoder refuses among its frames. It refuses them in the order of
/// decoding, with threads some packets late, and does not say which one it was: one that was sent and whose
/// frame does not come in its turn. Times are those of presentation, of decoding where there are no others;
/// none where a packet or a frame has neither.
class RefusedPackets {
 public:
  void sent(std::optional<std::int64_t> time);
  void refused(std::string error);

  /// Those that are shown before the frame of `time`, which comes next from the decoder.
  std::vector<Refused> before(std::optional<std::int64_t> time);

  /// Those that are left when no frame comes any more.
  std::vector<Refused> rest();

 private:
  struct Error {
    std::string text;
    int frames = 0;  ///< That came since
  };

  Refused take(std::multiset<std::int64_t>::const_iterator packet);

  std::multiset<std::int64_t> unseen_;  ///< Times of the packets whose frames did not come yet
  std::deque<Error> errors_;
  bool untimed_ = false;              ///< The packet that was sent last has no time
  std::optional<std::int64_t> last_;  ///< Time of the last frame that has one
};

}  // namespace da3::video::av
