// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <video/av/lineage.hpp>

namespace da3::video::av {
namespace {

/// Packets whose frames a decoder may still hold.
constexpr std::int64_t kMostHeld = 64;

}  // namespace

void Lineage::sent(std::int64_t packet, bool key, std::optional<std::int64_t> time) {
  if (key) {
    before_ = key_;
    key_ = {packet, time};
    damaged_.erase(damaged_.begin(), damaged_.lower_bound(std::min(before_.packet, packet - kMostHeld)));
  }
  const bool leads = !key && time && key_.time && *time < *key_.time;
  origins_[packet] = {leads ? before_.packet : key_.packet, leads ? key_.packet : 0};
  origins_.erase(origins_.begin(), origins_.lower_bound(packet - kMostHeld));
}

void Lineage::damaged(std::int64_t packet) {
  damaged_[packet] = origin_of(packet).leads_to;
}

Lineage::Origin Lineage::origin_of(std::int64_t packet) const {
  const auto found = origins_.find(packet);
  return found != origins_.end() ? found->second : Origin{key_.packet, 0};
}

bool Lineage::builds_on_damaged(std::int64_t packet) const {
  const Origin origin = origin_of(packet);
  if (packet <= origin.first) return false;
  return std::any_of(damaged_.lower_bound(origin.first), damaged_.lower_bound(packet),
                     [&](const auto& each) { return each.second == 0 || each.second == origin.leads_to; });
}

}  // namespace da3::video::av
