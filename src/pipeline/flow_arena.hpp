// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <pipeline/flow.hpp>

namespace da3::pipeline {

/// Threads of the host's work. oneTBB keeps one thread fewer than there are cores unless it is told.
struct Flow::Arena {
  explicit Arena(int threads)
      : control(oneapi::tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads) + 1),
        arena(threads, /*reserved_for_masters=*/0) {}
  oneapi::tbb::global_control control;
  oneapi::tbb::task_arena arena;
};

}  // namespace da3::pipeline
