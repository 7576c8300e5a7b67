// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <iterator>

#include <sys/mman.h>
#include <unistd.h>

#include <engine/operators/page_arena.hpp>

namespace da3::engine {
namespace {

/// Address space that one request to the system asks for. Memory is taken page by page, when it is used.
constexpr std::size_t kMappingBytes = std::size_t{64} << 20;

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

/// Null where the system refuses. With `at`, in the place of what is mapped there.
std::byte* map_pages(std::size_t bytes, std::byte* at = nullptr) {
  const int fixed = at == nullptr ? 0 : MAP_FIXED;
  void* const begin = ::mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
  return begin == MAP_FAILED ? nullptr : static_cast<std::byte*>(begin);
}

/// `range` joined with neighbours of its state.
template <class Ranges>
typename Ranges::iterator join(Ranges& ranges, typename Ranges::iterator range) {
  if (range != ranges.begin()) {
    const auto before = std::prev(range);
    if (before->second.state == range->second.state) {
      before->second.bytes += range->second.bytes;
      ranges.erase(range);
      range = before;
    }
  }
  const auto after = std::next(range);
  if (after != ranges.end() && after->second.state == range->second.state) {
    range->second.bytes += after->second.bytes;
    ranges.erase(after);
  }
  return range;
}

}  // namespace

PageArena::~PageArena() {
  for (const Mapping& mapping : mappings_) ::munmap(mapping.begin, mapping.bytes);
}

std::size_t PageArena::rounded(std::size_t bytes) {
  const std::size_t page = page_bytes();
  return bytes > SIZE_MAX - page ? SIZE_MAX / page * page : (bytes + page - 1) / page * page;
}

PageArena::Place PageArena::find(std::size_t bytes) {
  for (Mapping& mapping : mappings_) {
    std::size_t unused = 0;
    auto first = mapping.ranges.lower_bound(mapping.used_to);
    for (auto range = first; range != mapping.ranges.end(); ++range) {
      if (range->second.state == State::kUsed) {
        unused = 0;
        continue;
      }
      if (unused == 0) first = range;
      unused += range->second.bytes;
      if (unused >= bytes) return {&mapping, first};
    }
  }
  return {nullptr, {}};
}

PageArena::Mapping* PageArena::add_mapping(std::size_t bytes) {
  for (const std::size_t size : {std::max(bytes, kMappingBytes), bytes}) {
    if (std::byte* const begin = map_pages(size)) {
      mappings_.push_back({begin, size, {{begin, {size, State::kFresh}}}, begin});
      return &mappings_.back();
    }
  }
  return nullptr;
}

void* PageArena::take(std::size_t bytes) {
  bytes = rounded(bytes);
  Place place = find(bytes);
  if (place.mapping == nullptr) {
    place.mapping = add_mapping(bytes);
    if (place.mapping == nullptr) return nullptr;
    place.first = place.mapping->ranges.begin();
  }
  Ranges& ranges = place.mapping->ranges;
  auto last = place.first;
  std::size_t before_last = 0;
  for (; before_last + last->second.bytes < bytes; ++last) before_last += last->second.bytes;
  // What may throw comes first.
  const std::size_t taken = bytes - before_last;
  if (taken < last->second.bytes) {
    ranges.emplace(last->first + taken, Range{last->second.bytes - taken, last->second.state});
    last->second.bytes = taken;
  }
  const auto end = std::next(last);
  for (auto range = place.first; range != end; ++range) {
    if (range->second.state == State::kIdle) idle_bytes_ -= range->second.bytes;
  }
  ranges.erase(std::next(place.first), end);
  std::byte* const block = place.first->first;
  place.first->second = {bytes, State::kUsed};
  if (block == place.mapping->used_to) place.mapping->used_to = block + bytes;
  return block;
}

void PageArena::give_back(void* block) {
  auto* const begin = static_cast<std::byte*>(block);
  const auto mapping = std::ranges::find_if(
      mappings_, [&](const Mapping& one) { return begin >= one.begin && begin < one.begin + one.bytes; });
  const auto range = mapping->ranges.find(begin);
  range->second.state = State::kIdle;
  idle_bytes_ += range->second.bytes;
  mapping->used_to = std::min(mapping->used_to, begin);
  join(mapping->ranges, range);
}

std::size_t PageArena::added_by(std::size_t bytes) {
  bytes = rounded(bytes);
  const Place place = find(bytes);
  if (place.mapping == nullptr) return bytes;
  std::size_t added = 0;
  for (auto range = place.first; bytes > 0; ++range) {
    const std::size_t taken = std::min(bytes, range->second.bytes);
    if (range->second.state == State::kFresh) added += taken;
    bytes -= taken;
  }
  return added;
}

void PageArena::shrink(Mapping& mapping, std::size_t bytes) {
  Ranges& ranges = mapping.ranges;
  for (auto range = ranges.end(); range != ranges.begin() && idle_bytes_ > bytes;) {
    --range;
    if (range->second.state != State::kIdle) continue;
    const std::size_t given = std::min(range->second.bytes, rounded(idle_bytes_ - bytes));
    const std::size_t kept = range->second.bytes - given;
    if (kept > 0) {
      const auto rest = ranges.emplace(range->first + kept, Range{given, State::kIdle}).first;
      range->second.bytes = kept;
      range = rest;
    }
    if (map_pages(given, range->first) != nullptr) {
      range->second.state = State::kFresh;
      idle_bytes_ -= given;
    }
    range = join(ranges, range);
  }
}

void PageArena::shrink(std::size_t bytes) {
  for (auto mapping = mappings_.end(); mapping != mappings_.begin() && idle_bytes_ > bytes;) {
    --mapping;
    shrink(*mapping, bytes);
    const Ranges& ranges = mapping->ranges;
    if (ranges.size() == 1 && ranges.begin()->second.state == State::kFresh) {
      ::munmap(mapping->begin, mapping->bytes);
      mapping = mappings_.erase(mapping);
    }
  }
}

}  // namespace da3::engine
