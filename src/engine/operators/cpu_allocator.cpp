// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <list>
#include <mutex>
#include <new>
#include <set>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <engine/operators/cpu_allocator.hpp>
#include <engine/operators/page_arena.hpp>

namespace da3::engine {
namespace {

/// Vector loads of LibTorch and oneDNN want blocks at cache lines; the size lies in a separate line in
/// front.
constexpr std::size_t kAlignment = 64;
/// Smaller blocks are served well by malloc; those from here on it gets from the system and page-faults in
/// every time.
constexpr std::size_t kSmallestArenaBlock = std::size_t{128} << 10;
/// Tensors and idle memory may take together this much more than tensors alone at their peak, by which work
/// that repeats itself finds all its places again (docs/lab/loading.md, "Idle memory").
constexpr std::uint64_t kRoomForPlaces = 4;  // One fourth
/// Wins over LibTorch's own allocator (0) and its caching one for mobile (100).
constexpr std::uint8_t kPriority = 200;

struct alignas(kAlignment) Header {
  std::size_t num_bytes;
};

Header* header_of(void* data) {
  return static_cast<Header*>(data) - 1;
}

}  // namespace

// oneDNN asserts that a block's context is the block itself, hence the header in front of it.
class CountingAllocator final : public c10::Allocator {
 public:
  /// Never destroyed: tensors may outlive every static object.
  static CountingAllocator& instance() {
    static auto* const allocator = new CountingAllocator;
    return *allocator;
  }

  c10::DataPtr allocate(std::size_t num_bytes) override {
    void* const data = num_bytes == 0 ? nullptr : take(num_bytes);
    return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* dest, const void* src, std::size_t count) const override {
    default_copy_data(dest, src, count);
  }

  CpuMemory memory() {
    const std::lock_guard lock(mutex_);
    return {in_use_, arena_.idle_bytes(), budget_};
  }

  void set_budget(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    budget_ = bytes;
  }

  void add_bound(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    if (bounds_.empty()) unbounded_budget_ = budget_;
    bounds_.insert(bytes);
    budget_ = *bounds_.begin();
  }

  void remove_bound(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    bounds_.erase(bounds_.find(bytes));
    budget_ = bounds_.empty() ? unbounded_budget_ : *bounds_.begin();
  }

  void empty_cache() {
    const std::lock_guard lock(mutex_);
    arena_.shrink(0);
    highest_ = in_use_;
  }

  std::list<CpuPeakMeter::Mark>::iterator add_mark() {
    const std::lock_guard lock(mutex_);
    return marks_.insert(marks_.end(), {in_use_, in_use_});
  }

  void remove_mark(std::list<CpuPeakMeter::Mark>::iterator mark) {
    const std::lock_guard lock(mutex_);
    marks_.erase(mark);
  }

  std::uint64_t peak(const CpuPeakMeter::Mark& mark) {
    const std::lock_guard lock(mutex_);
    return mark.highest_bytes - mark.start_bytes;
  }

 private:
  static void release(void* data) {
    if (data != nullptr) instance().give_back(data);
  }

  static bool in_arena(std::size_t num_bytes) { return num_bytes >= kSmallestArenaBlock; }

  void* take(std::size_t num_bytes) {
    const std::lock_guard lock(mutex_);
    if (budget_ != 0 && !fits(in_use_, num_bytes)) {
      TORCH_CHECK_WITH(OutOfMemoryError, false, "CPU out of memory: a tensor of ", num_bytes,
                       " bytes next to ", in_use_, " in use passes the budget of ", budget_);
    }
    make_room(num_bytes);
    void* block = from_system(num_bytes);
    if (block == nullptr && arena_.idle_bytes() != 0) {
      arena_.shrink(0);
      block = from_system(num_bytes);
    }
    TORCH_CHECK_WITH(OutOfMemoryError, block != nullptr, "CPU out of memory: the system refuses a tensor of ",
                     num_bytes, " bytes next to ", in_use_, " in use");
    in_use_ += num_bytes;
    highest_ = std::max(highest_, in_use_);
    for (CpuPeakMeter::Mark& mark : marks_) mark.highest_bytes = std::max(mark.highest_bytes, in_use_);
    return new (block) Header{num_bytes} + 1;
  }

  void give_back(void* data) {
    const std::lock_guard lock(mutex_);
    Header* const block = header_of(data);
    const std::size_t num_bytes = block->num_bytes;
    in_use_ -= num_bytes;
    if (in_arena(num_bytes)) {
      arena_.give_back(block);
    } else {
      std::free(block);
    }
  }

  /// Subtraction only, so that an absurd size cannot wrap around.
  bool fits(std::uint64_t held, std::size_t num_bytes) const {
    return held <= budget_ && num_bytes <= budget_ - held;
  }

  /// Memory that a block takes beside what is in use or idle.
  std::uint64_t added_by(std::size_t num_bytes) {
    return in_arena(num_bytes) ? arena_.added_by(sizeof(Header) + num_bytes) : num_bytes;
  }

  /// Gives idle memory back until it stays, together with the tensors, near what tensors alone held at their
  /// peak, and within the budget.
  void make_room(std::size_t num_bytes) {
    std::uint64_t limit = std::max<std::uint64_t>(highest_, in_use_ + num_bytes);
    limit += limit / kRoomForPlaces;
    if (budget_ != 0) limit = std::min(limit, budget_);
    while (const std::size_t idle = arena_.idle_bytes()) {
      const std::uint64_t held = in_use_ + idle + added_by(num_bytes);
      if (held <= limit) return;
      arena_.shrink(idle - std::min<std::uint64_t>(idle, held - limit));
      if (arena_.idle_bytes() == idle) return;
    }
  }

  void* from_system(std::size_t num_bytes) {
    if (num_bytes > SIZE_MAX - sizeof(Header)) return nullptr;
    if (in_arena(num_bytes)) return arena_.take(sizeof(Header) + num_bytes);
    void* block = nullptr;
    return posix_memalign(&block, kAlignment, sizeof(Header) + num_bytes) == 0 ? block : nullptr;
  }

  std::mutex mutex_;
  std::uint64_t in_use_ = 0;
  std::uint64_t budget_ = 0;
  std::multiset<std::uint64_t> bounds_;  ///< Of every CpuMemoryBound
  std::uint64_t unbounded_budget_ = 0;   ///< Before the first of them
  std::uint64_t highest_ = 0;            ///< Of in_use_ since the cache was emptied on request
  PageArena arena_;                      ///< Blocks of kSmallestArenaBlock and more
  std::list<CpuPeakMeter::Mark> marks_;
};

void install_cpu_allocator() {
  static std::once_flag once;
  std::call_once(once, [] { c10::SetCPUAllocator(&CountingAllocator::instance(), kPriority); });
}

CpuMemory cpu_memory() {
  return CountingAllocator::instance().memory();
}

void empty_cpu_cache() {
  CountingAllocator::instance().empty_cache();
}

void set_cpu_memory_budget(std::uint64_t bytes) {
  install_cpu_allocator();
  CountingAllocator::instance().set_budget(bytes);
}

// 0 would be no bound at all.
CpuMemoryBound::CpuMemoryBound(std::uint64_t bytes) : bytes_(std::max<std::uint64_t>(bytes, 1)) {
  install_cpu_allocator();
  CountingAllocator::instance().add_bound(bytes_);
}

CpuMemoryBound::~CpuMemoryBound() {
  CountingAllocator::instance().remove_bound(bytes_);
}

CpuPeakMeter::CpuPeakMeter() : mark_(CountingAllocator::instance().add_mark()) {}

CpuPeakMeter::~CpuPeakMeter() {
  CountingAllocator::instance().remove_mark(mark_);
}

std::uint64_t CpuPeakMeter::peak_bytes() const {
  return CountingAllocator::instance().peak(*mark_);
}

}  // namespace da3::engine
