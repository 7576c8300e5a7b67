// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <utility>

#include <video/av/refused_packets.hpp>

namespace da3::video::av {
namespace {

/// Pictures that may come before another one that was sent earlier: H.264 and HEVC hold at most 16.
constexpr int kMostReordered = 16;
/// The same, and as many threads that each hold a packet.
constexpr std::int64_t kMostHeld = 64;

void sort_by_time(std::vector<Refused>& packets) {
  std::ranges::stable_sort(
      packets, [](const Refused& a, const Refused& b) { return a.time && b.time && *a.time < *b.time; });
}

}  // namespace

void RefusedPackets::sent(std::int64_t packet, std::optional<std::int64_t> time) {
  untimed_ = !time;
  unseen_.emplace(packet, time);
}

void RefusedPackets::refused(std::string error) {
  // Without a time its place is the one in the order of decoding.
  errors_.push_back({std::move(error), untimed_ ? kMostReordered : 0});
}

void RefusedPackets::lost(std::int64_t packet, std::optional<std::int64_t> time, const std::string& error) {
  lost_.push_back({time, error, packet});
}

void RefusedPackets::lost_from(std::int64_t first, const std::string& error,
                               const std::string& error_of_others) {
  const auto from = unseen_.lower_bound(first);
  for (auto each = from; each != unseen_.end(); ++each)
    lost(each->first, each->second, each->first == first ? error : error_of_others);
  unseen_.erase(from, unseen_.end());
}

std::optional<std::int64_t> RefusedPackets::time_of(std::int64_t packet) const {
  const auto found = unseen_.find(packet);
  return found != unseen_.end() ? found->second : std::nullopt;
}

bool RefusedPackets::awaits_earlier(std::int64_t packet, std::int64_t time) const {
  return std::any_of(unseen_.begin(), unseen_.lower_bound(packet),
                     [&](const auto& each) { return each.second && *each.second > time; });
}

/// The packet with the earliest time, of those behind `time` if there is one.
RefusedPackets::Packets::iterator RefusedPackets::first_after(std::optional<std::int64_t> time) {
  auto first = unseen_.end();
  for (auto each = unseen_.begin(); each != unseen_.end(); ++each) {
    if (!each->second || (time && *each->second <= *time)) continue;
    if (first == unseen_.end() || *each->second < *first->second) first = each;
  }
  return first;
}

Refused RefusedPackets::take(Packets::iterator packet) {
  Refused refused{std::nullopt, std::move(errors_.front().text), std::nullopt};
  errors_.pop_front();
  if (packet != unseen_.end()) {
    refused.packet = packet->first;
    refused.time = packet->second;
    unseen_.erase(packet);
  }
  return refused;
}

/// Of the lost ones those that are shown before a time, or all.
std::vector<Refused> RefusedPackets::take_lost(std::optional<std::int64_t> before) {
  const auto later = std::stable_partition(lost_.begin(), lost_.end(), [&](const Refused& each) {
    return !before || !each.time || *each.time < *before;
  });
  std::vector<Refused> due(std::make_move_iterator(lost_.begin()), std::make_move_iterator(later));
  lost_.erase(lost_.begin(), later);
  return due;
}

std::vector<Refused> RefusedPackets::before(std::optional<std::int64_t> time, std::int64_t packet) {
  // Where times go back, nothing comes any more of what was before.
  const bool went_back = time && last_ && *time < *last_;
  std::vector<Refused> due = take_lost(went_back ? std::nullopt : time);
  while (!errors_.empty()) {
    auto found = first_after(went_back ? last_ : std::nullopt);
    if (!went_back && found != unseen_.end() && (!time || *found->second >= *time)) found = unseen_.end();
    if (found == unseen_.end() && !went_back && errors_.front().frames < kMostReordered) break;
    due.push_back(take(found));
  }
  for (Error& error : errors_) ++error.frames;
  forget_until(time, packet);
  if (time) last_ = time;
  sort_by_time(due);
  return due;
}

/// What did not come by now has no frame, such as a second field.
void RefusedPackets::forget_until(std::optional<std::int64_t> time, std::int64_t packet) {
  bool found = unseen_.erase(packet) > 0;
  std::erase_if(unseen_, [&](const auto& each) {
    if (!each.second) return each.first < packet - kMostHeld;
    if (!time) return false;
    const bool own = !found && *each.second == *time;
    found |= own;
    return own || *each.second < *time;
  });
}

std::vector<Refused> RefusedPackets::rest() {
  std::vector<Refused> left = take_lost(std::nullopt);
  while (!errors_.empty()) left.push_back(take(first_after(std::nullopt)));
  sort_by_time(left);
  return left;
}

}  // namespace da3::video::av
