// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <run/flow.hpp>

#if defined(__SANITIZE_THREAD__)
#define DA3_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DA3_THREAD_SANITIZER
#endif
#endif

#ifdef DA3_THREAD_SANITIZER
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace da3::run {

// oneTBB's library is not built for ThreadSanitizer, which so cannot see that it hands a task from one thread
// to another in order. These tell it.
#ifdef DA3_THREAD_SANITIZER
inline void hand_over(void* address) {
  __tsan_release(address);
}
inline void take_over(void* address) {
  __tsan_acquire(address);
}
#else
inline void hand_over(void*) {}
inline void take_over(void*) {}
#endif

/// Threads of the host's work. oneTBB keeps one thread fewer than there are cores unless it is told.
struct Flow::Arena {
  explicit Arena(int threads)
      : control(oneapi::tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads) + 1),
        arena(threads, /*reserved_for_masters=*/0) {}
  oneapi::tbb::global_control control;
  oneapi::tbb::task_arena arena;
};

}  // namespace da3::run
