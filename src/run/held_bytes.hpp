// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <utility>

namespace da3::run {

/// Counts the bytes of pictures and results that inputs under way hold. Threads: any.
class HeldBytes {
 public:
  /// What one input holds; given back at its end. Lifetime: within that of the HeldBytes.
  class Share {
   public:
    Share() = default;
    ~Share() { reset(); }
    Share(Share&& other) noexcept { *this = std::move(other); }
    Share& operator=(Share&& other) noexcept;

    std::uint64_t bytes() const { return bytes_; }
    /// Holds `bytes` from now on, whatever it held before.
    void hold(std::uint64_t bytes);
    /// Tells what finishing this input will take. Once.
    void will_finish_with(std::uint64_t bytes);
    void reset();

   private:
    friend class HeldBytes;
    explicit Share(HeldBytes& all) : all_(&all) {}

    HeldBytes* all_ = nullptr;
    std::uint64_t bytes_ = 0;
    std::uint64_t finishing_ = 0;
  };

  Share share() { return Share(*this); }

  std::uint64_t now() const;
  std::uint64_t most_so_far() const;
  /// The most that any of the shares told of will take.
  std::uint64_t largest_finishing() const;

 private:
  void change(std::uint64_t before, std::uint64_t after);

  mutable std::mutex mutex_;
  std::uint64_t now_ = 0;
  std::uint64_t most_ = 0;
  std::multiset<std::uint64_t> finishing_;  ///< Without zeros
};

}  // namespace da3::run
