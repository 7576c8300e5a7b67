// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <map>

// Large blocks out of few mappings: the memory of a freed one serves the next, whatever the size of either.
namespace da3::engine {

/// Blocks of whole pages. A block takes the first place that is large enough, in the order in which places
/// came from the system: pages that were in use before those that never were, so that work that repeats
/// itself finds the pages of its last time. Freed neighbours become one place.
/// Threads: one at a time.
class PageArena {
 public:
  PageArena() = default;
  ~PageArena();
  PageArena(const PageArena&) = delete;
  PageArena& operator=(const PageArena&) = delete;

  /// Bytes that a block of `bytes` bytes takes.
  static std::size_t rounded(std::size_t bytes);

  /// A block that begins at a page. Null where the system gives none; idle pages stay idle then.
  void* take(std::size_t bytes);

  /// `block` of take() becomes idle.
  void give_back(void* block);

  /// Bytes of memory that no block uses.
  std::size_t idle_bytes() const { return idle_bytes_; }

  /// Bytes of memory that take(`bytes`) would add to what blocks use and what is idle.
  std::size_t added_by(std::size_t bytes);

  /// Gives idle memory back to the system, the last places first, until at most `bytes` are idle. What the
  /// system does not take back stays idle.
  void shrink(std::size_t bytes);

 private:
  enum class State { kUsed, kIdle, kFresh };  ///< Fresh pages hold no memory yet, or no longer
  struct Range {
    std::size_t bytes;
    State state;
  };
  /// By begin; without gaps. Neighbours that are both idle or both fresh are one range.
  using Ranges = std::map<std::byte*, Range>;
  struct Mapping {
    std::byte* begin;
    std::size_t bytes;
    Ranges ranges;
    /// Everything before it is used: the weights of networks, which stay.
    std::byte* used_to;
  };
  /// The first of unused neighbours that together hold a block.
  struct Place {
    Mapping* mapping;
    Ranges::iterator first;
  };

  Place find(std::size_t bytes);
  Mapping* add_mapping(std::size_t bytes);
  void shrink(Mapping& mapping, std::size_t bytes);

  std::list<Mapping> mappings_;  ///< In the order of their making
  std::size_t idle_bytes_ = 0;
};

}  // namespace da3::engine
