// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace da3::core {

/// Calls work(0) ... work(count - 1) on at most `threads` threads, work(0) on the calling one, and rethrows
/// the first error by number once all have ended.
void for_each_parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace da3::core
