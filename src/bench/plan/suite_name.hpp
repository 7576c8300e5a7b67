// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace da3::bench {

/// The suites of `da3 bench`, in the order in which they run and are reported.
enum class SuiteName {
  kThroughput,
  kLatency,
  kLoad,
  kPreprocess,
  kAttention,
  kBatching,
  kFolder,
  kVideo,
  kAccuracy,
  kScene,
  kSoak
};

std::string_view to_string(SuiteName suite);

/// Throws: Error kUsage with the names that exist.
SuiteName parse_suite(std::string_view text);

/// Every suite, in order.
std::vector<SuiteName> all_suites();

/// What is asked, for headings: "Images per second by model and batch".
std::string_view suite_title(SuiteName suite);

}  // namespace da3::bench
