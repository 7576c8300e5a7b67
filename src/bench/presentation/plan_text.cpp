// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <vector>

#include <bench/presentation/plan_text.hpp>
#include <bench/presentation/text_table.hpp>

namespace da3::bench {
namespace {

// The planned cases of a suite as cases whose only metric is the estimate.
std::vector<CaseResult> estimates_of(const Plan& plan, SuiteName suite) {
  std::vector<CaseResult> cases;
  for (const PlannedGroup& group : plan.groups) {
    if (group.suite != suite) continue;
    for (const PlannedCase& each : group.cases) {
      CaseResult result;
      result.suite = suite;
      result.settings = each.settings;
      result.set("estimate_s", each.estimate_s);
      cases.push_back(std::move(result));
    }
  }
  return cases;
}

// "48 s", "12 min", "1 h 30 min"
std::string duration_text(double seconds) {
  if (seconds < 60) return format_number(seconds) + " s";
  const auto minutes = static_cast<long>(std::lround(seconds / 60));
  if (minutes < 60) return std::to_string(minutes) + " min";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

}  // namespace

std::string format_plan(const Plan& plan) {
  std::string text;
  std::size_t count = 0;
  for (const SuiteName suite : all_suites()) {
    const std::vector<CaseResult> cases = estimates_of(plan, suite);
    if (cases.empty()) continue;
    std::vector<NamedCase> named;
    for (const CaseResult& each : cases) named.push_back({"", &each});
    text += std::string(facts_of(suite).title) + "\n" + render_plain(tabulate(named)) + "\n";
    count += cases.size();
  }
  text += std::to_string(count) + (count == 1 ? " case" : " cases") + ", about " +
          duration_text(plan.estimate_s()) + "\n";
  for (const LeftOut& each : plan.left_out) {
    text.append("left out: ").append(to_string(each.suite));
    if (!each.settings.empty()) text.append(" ").append(to_text(each.settings));
    text.append(": ").append(each.reason).append("\n");
  }
  return text;
}

}  // namespace da3::bench
