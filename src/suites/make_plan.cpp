// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include <suites/make_plan.hpp>

namespace da3::suites {

using bench::Plan;
using bench::PlanFacts;
using bench::PlannedCase;
using bench::PlannedGroup;
using bench::PlanOptions;
using bench::SampleOptions;
using bench::SuiteName;
using bench::SuiteRow;

namespace {

constexpr double kProcessSeconds = 1;  // Start and load

bool holds(const std::vector<SuiteName>& suites, SuiteName suite) {
  return std::find(suites.begin(), suites.end(), suite) != suites.end();
}

// Keeps the first group of every suite, then groups in order while they fit.
void fit_budget(Plan& plan) {
  if (plan.options.budget_s <= 0) return;
  std::vector<bool> kept(plan.groups.size(), false);
  std::set<SuiteName> seen;
  double total = 0;
  for (std::size_t i = 0; i < plan.groups.size(); ++i) {
    if (!seen.insert(plan.groups[i].suite).second) continue;
    kept[i] = true;
    total += plan.groups[i].estimate_s();
  }
  for (std::size_t i = 0; i < plan.groups.size(); ++i) {
    if (kept[i] || total + plan.groups[i].estimate_s() > plan.options.budget_s) continue;
    kept[i] = true;
    total += plan.groups[i].estimate_s();
  }
  std::vector<PlannedGroup> groups;
  for (std::size_t i = 0; i < plan.groups.size(); ++i) {
    if (kept[i]) {
      groups.push_back(std::move(plan.groups[i]));
      continue;
    }
    for (const PlannedCase& each : plan.groups[i].cases) {
      plan.left_out.push_back(
          {each.suite, each.settings,
           "beyond the budget of " + std::to_string(std::lround(plan.options.budget_s)) + " s"});
    }
  }
  plan.groups = std::move(groups);
}

double case_seconds(double run_s, const SampleOptions& sampling, bool side_by_side, std::size_t cases) {
  if (!side_by_side) return run_s * (sampling.warmups + sampling.runs);
  // Every round is a process of each side, which the cases of a group share.
  const double processes_s = sampling.rounds * kProcessSeconds / static_cast<double>(cases);
  return 2 * (processes_s + run_s * (sampling.rounds * sampling.warmups + sampling.runs));
}

void note_fixed_attention(Plan& plan, const PlanFacts& facts) {
  if (!facts.offers_attention || !holds(plan.options.suites, SuiteName::kAttention)) return;
  for (const std::string& model : plan.options.models) {
    if (facts.offers_attention(model)) continue;
    plan.left_out.push_back(
        {SuiteName::kAttention, {{"model", model}}, "this model offers no choice of attention"});
  }
}

void note_quick(Plan& plan) {
  if (!plan.options.quick) return;
  for (const bench::SuiteFacts& suite : bench::kSuiteFacts) {
    if (suite.by_default || holds(plan.options.suites, suite.suite)) continue;
    plan.left_out.push_back(
        {suite.suite,
         {},
         "not part of --quick and of the default; name it with --suite " + std::string(suite.name)});
  }
}

}  // namespace

Plan make_plan(const PlanOptions& options, const PlanFacts& facts) {
  Plan plan;
  plan.options = with_defaults(options);
  for (const SuiteRow& suite : bench::kSuiteRows) {
    if (!holds(plan.options.suites, suite.facts.suite)) continue;
    const SampleOptions sampling = sample_options(plan.options, suite.facts.suite);
    for (PlannedGroup& group : suite.expand(plan.options, facts)) {
      for (PlannedCase& each : group.cases) {
        if (facts.run_seconds) {
          each.estimate_s =
              case_seconds(facts.run_seconds(each), sampling, plan.options.side_by_side, group.cases.size());
        }
      }
      plan.groups.push_back(std::move(group));
    }
  }
  note_fixed_attention(plan, facts);
  fit_budget(plan);
  note_quick(plan);
  return plan;
}

}  // namespace da3::suites
