// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <video/av/refused_packets.hpp>

namespace da3::video::av {
namespace {

/// Pictures that may come before another one that was sent earlier: H.264 and HEVC hold at most 16.
constexpr int kMostReordered = 16;

}  // namespace

void RefusedPackets::sent(std::optional<std::int64_t> time) {
  untimed_ = !time;
  if (time) unseen_.insert(*time);
}

void RefusedPackets::refused(std::string error) {
  // Without a time its place is the one in the order of decoding.
  errors_.push_back({std::move(error), untimed_ ? kMostReordered : 0});
}

Refused RefusedPackets::take(std::multiset<std::int64_t>::const_iterator packet) {
  Refused refused{std::nullopt, std::move(errors_.front().text)};
  errors_.pop_front();
  if (packet != unseen_.end()) {
    refused.time = *packet;
    unseen_.erase(packet);
  }
  return refused;
}

std::vector<Refused> RefusedPackets::before(std::optional<std::int64_t> time) {
  std::vector<Refused> due;
  // Where times go back, nothing comes any more of what was before.
  const bool went_back = time && last_ && *time < *last_;
  while (!errors_.empty()) {
    auto packet = went_back ? unseen_.upper_bound(*last_) : unseen_.begin();
    if (!went_back && packet != unseen_.end() && (!time || *packet >= *time)) packet = unseen_.end();
    if (packet == unseen_.end() && !went_back && errors_.front().frames < kMostReordered) break;
    due.push_back(take(packet));
  }
  for (Error& error : errors_) ++error.frames;
  if (time) {
    // What did not come by now has no frame, such as a second field.
    unseen_.erase(unseen_.begin(), unseen_.lower_bound(*time));
    if (const auto own = unseen_.find(*time); own != unseen_.end()) unseen_.erase(own);
    last_ = time;
  }
  return due;
}

std::vector<Refused> RefusedPackets::rest() {
  std::vector<Refused> left;
  while (!errors_.empty()) left.push_back(take(unseen_.begin()));
  return left;
}

}  // namespace da3::video::av
