// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <da3/error.hpp>

#include <bench/suite_table.hpp>

namespace da3::bench {

SuiteName parse_suite(std::string_view text) {
  for (const SuiteFacts& facts : kSuiteFacts) {
    if (facts.name == text) return facts.suite;
  }
  throw Error(ErrorCode::kUsage, "no benchmark suite is called '" + std::string(text) + "'; choose one of " +
                                     suite_names([](const SuiteFacts&) { return true; }, ", "));
}

std::vector<SuiteName> all_suites() {
  std::vector<SuiteName> suites;
  for (const SuiteFacts& facts : kSuiteFacts) suites.push_back(facts.suite);
  return suites;
}

std::vector<std::string_view> suite_metrics(SuiteName suite) {
  std::vector<std::string_view> metrics;
  for (const std::string_view metric : facts_of(suite).metrics) {
    if (!metric.empty()) metrics.push_back(metric);
  }
  return metrics;
}

}  // namespace da3::bench
