// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <run/held_bytes.hpp>

namespace da3::run {

HeldBytes::Share& HeldBytes::Share::operator=(Share&& other) noexcept {
  if (this == &other) return *this;
  reset();
  all_ = std::exchange(other.all_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  finishing_ = std::exchange(other.finishing_, 0);
  return *this;
}

void HeldBytes::Share::hold(std::uint64_t bytes) {
  if (all_ == nullptr) return;
  all_->change(bytes_, bytes);
  bytes_ = bytes;
}

void HeldBytes::Share::will_finish_with(std::uint64_t bytes) {
  if (all_ == nullptr || bytes == 0) return;
  const std::lock_guard lock(all_->mutex_);
  all_->finishing_.insert(bytes);
  finishing_ = bytes;
}

void HeldBytes::Share::reset() {
  if (all_ == nullptr) return;
  hold(0);
  if (finishing_ > 0) {
    const std::lock_guard lock(all_->mutex_);
    all_->finishing_.erase(all_->finishing_.find(finishing_));
  }
  all_ = nullptr;
  finishing_ = 0;
}

std::uint64_t HeldBytes::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

std::uint64_t HeldBytes::most_so_far() const {
  const std::lock_guard lock(mutex_);
  return most_;
}

std::uint64_t HeldBytes::largest_finishing() const {
  const std::lock_guard lock(mutex_);
  return finishing_.empty() ? 0 : *finishing_.rbegin();
}

void HeldBytes::change(std::uint64_t before, std::uint64_t after) {
  const std::lock_guard lock(mutex_);
  now_ += after;
  now_ -= before;
  most_ = std::max(most_, now_);
}

}  // namespace da3::run
