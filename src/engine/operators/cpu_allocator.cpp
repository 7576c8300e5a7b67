// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <iterator>
#include <list>
#include <mutex>
#include <new>
#include <set>
#include <unordered_map>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <engine/operators/cpu_allocator.hpp>

namespace da3::engine {
namespace {

/// Vector loads of LibTorch and oneDNN want blocks at cache lines; the size lies in a separate line in
/// front.
constexpr std::size_t kAlignment = 64;
/// Smaller blocks are served well by malloc; larger ones it gets from the system and page-faults in every
/// time.
constexpr std::size_t kSmallestCachedBlock = std::size_t{1} << 20;
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
    return {in_use_, cached_, budget_};
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
    empty_bins();
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

  void* take(std::size_t num_bytes) {
    const std::lock_guard lock(mutex_);
    void* data = from_bin(num_bytes);
    if (data == nullptr) {
      make_room(num_bytes);
      if (budget_ != 0 && !fits(in_use_, num_bytes)) {
        TORCH_CHECK_WITH(OutOfMemoryError, false, "CPU out of memory: a tensor of ", num_bytes,
                         " bytes next to ", in_use_, " in use passes the budget of ", budget_);
      }
      data = from_system(num_bytes);
    }
    in_use_ += num_bytes;
    highest_ = std::max(highest_, in_use_);
    for (CpuPeakMeter::Mark& mark : marks_) mark.highest_bytes = std::max(mark.highest_bytes, in_use_);
    return data;
  }

  void give_back(void* data) {
    const std::lock_guard lock(mutex_);
    const std::size_t num_bytes = header_of(data)->num_bytes;
    in_use_ -= num_bytes;
    if (num_bytes < kSmallestCachedBlock || !keep(data, num_bytes)) std::free(header_of(data));
  }

  /// Subtraction only, so that an absurd size cannot wrap around.
  bool fits(std::uint64_t held, std::size_t num_bytes) const {
    return held <= budget_ && num_bytes <= budget_ - held;
  }

  /// Gives the blocks that lay idle longest back until tensors and idle blocks together stay within what
  /// tensors alone held at their peak: so that peak is all the memory that the work takes.
  void make_room(std::size_t num_bytes) {
    const std::uint64_t limit = std::max<std::uint64_t>(highest_, in_use_ + num_bytes);
    while (!idle_.empty() && in_use_ + num_bytes + cached_ > limit) drop_oldest();
    if (budget_ != 0 && !fits(in_use_ + cached_, num_bytes)) empty_bins();
  }

  void drop_oldest() {
    const Idle oldest = idle_.front();
    idle_.pop_front();
    // Bins are in the order of idle_, so the oldest of all is the first of its bin.
    bins_.find(oldest.num_bytes)->second.pop_front();
    cached_ -= oldest.num_bytes;
    std::free(header_of(oldest.data));
  }

  /// Deleters must not throw, so a bin that cannot grow just lets the block go.
  bool keep(void* data, std::size_t num_bytes) noexcept {
    try {
      auto& bin = bins_[num_bytes];
      idle_.push_back({data, num_bytes});
      try {
        bin.push_back(std::prev(idle_.end()));
      } catch (const std::bad_alloc&) {
        idle_.pop_back();
        throw;
      }
    } catch (const std::bad_alloc&) {
      return false;
    }
    cached_ += num_bytes;
    return true;
  }

  void* from_bin(std::size_t num_bytes) {
    if (num_bytes < kSmallestCachedBlock) return nullptr;
    const auto bin = bins_.find(num_bytes);
    if (bin == bins_.end() || bin->second.empty()) return nullptr;
    if (budget_ != 0 && !fits(in_use_, num_bytes)) return nullptr;
    const std::list<Idle>::iterator newest = bin->second.back();
    void* const data = newest->data;
    bin->second.pop_back();
    idle_.erase(newest);
    cached_ -= num_bytes;
    return data;
  }

  void* from_system(std::size_t num_bytes) {
    void* block = try_system(num_bytes);
    if (block == nullptr && cached_ != 0) {
      empty_bins();
      block = try_system(num_bytes);
    }
    TORCH_CHECK_WITH(OutOfMemoryError, block != nullptr, "CPU out of memory: the system refuses a tensor of ",
                     num_bytes, " bytes next to ", in_use_, " in use");
    auto* const header = new (block) Header{num_bytes};
    return header + 1;
  }

  static void* try_system(std::size_t num_bytes) {
    void* block = nullptr;
    if (num_bytes > SIZE_MAX - sizeof(Header)) return nullptr;
    return posix_memalign(&block, kAlignment, sizeof(Header) + num_bytes) == 0 ? block : nullptr;
  }

  void empty_bins() {
    for (const Idle& idle : idle_) std::free(header_of(idle.data));
    idle_.clear();
    bins_.clear();
    cached_ = 0;
  }

  struct Idle {
    void* data;
    std::size_t num_bytes;
  };

  std::mutex mutex_;
  std::uint64_t in_use_ = 0;
  std::uint64_t cached_ = 0;
  std::uint64_t budget_ = 0;
  std::multiset<std::uint64_t> bounds_;  ///< Of every CpuMemoryBound
  std::uint64_t unbounded_budget_ = 0;   ///< Before the first of them
  std::uint64_t highest_ = 0;            ///< Of in_use_ since the cache was emptied on request
  std::list<Idle> idle_;                 ///< Freed blocks, longest idle first
  std::unordered_map<std::size_t, std::deque<std::list<Idle>::iterator>> bins_;  ///< By exact size
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
