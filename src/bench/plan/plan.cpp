// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <set>

#include <da3/error.hpp>

#include <bench/plan/case_matrix.hpp>
#include <bench/plan/plan.hpp>
#include <core/text.hpp>

namespace da3::bench {
namespace {

constexpr double kQuickBudgetSeconds = 240;
constexpr int kRounds = 5;
constexpr int kQuickRuns = 3;
// A 10 % slow-down stands out and equal programs do not (docs/benchmarks.md,
// tests/bench/compare/compare_test.cpp).
constexpr int kSideBySideRounds = 12;
constexpr int kSideBySideRunsPerRound = 3;
constexpr double kProcessSeconds = 1;  // start and load

template <typename Value>
void use_default(std::vector<Value>& list, std::vector<Value> values) {
  if (list.empty()) list = std::move(values);
}

std::string joined(const std::vector<std::string>& texts) {
  return core::joined(texts, ",");
}

std::string joined(const std::vector<int>& numbers) {
  std::vector<std::string> texts;
  for (const int number : numbers) texts.push_back(std::to_string(number));
  return joined(texts);
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
  const auto& suites = plan.options.suites;
  if (!facts.offers_attention ||
      std::find(suites.begin(), suites.end(), SuiteName::kAttention) == suites.end()) {
    return;
  }
  for (const std::string& model : plan.options.models) {
    if (facts.offers_attention(model)) continue;
    plan.left_out.push_back(
        {SuiteName::kAttention, {{"model", model}}, "this model offers no choice of attention"});
  }
}

void note_quick(Plan& plan) {
  if (!plan.options.quick) return;
  const auto& suites = plan.options.suites;
  for (const SuiteName suite : {SuiteName::kVideo, SuiteName::kScene, SuiteName::kSoak}) {
    if (std::find(suites.begin(), suites.end(), suite) != suites.end()) continue;
    plan.left_out.push_back(
        {suite,
         {},
         "not part of --quick and of the default; name it with --suite " + std::string(to_string(suite))});
  }
}

void check(const PlanOptions& options) {
  const auto positive = [](const std::vector<int>& list) {
    return std::all_of(list.begin(), list.end(), [](int value) { return value > 0; });
  };
  if (options.runs < 1)
    throw Error(ErrorCode::kUsage, "--runs is " + std::to_string(options.runs) + "; give 1 or more");
  if (options.rounds < 1 || options.rounds > options.runs) {
    throw Error(ErrorCode::kUsage, "--rounds is " + std::to_string(options.rounds) + " with --runs " +
                                       std::to_string(options.runs) +
                                       "; a round has one run at least, so give --runs as many or more");
  }
  if (!positive(options.batches)) throw Error(ErrorCode::kUsage, "--batch holds a size below 1");
  if (!positive(options.process_res)) throw Error(ErrorCode::kUsage, "--process-res holds a size below 1");
  if (!positive(options.tokens)) throw Error(ErrorCode::kUsage, "--tokens holds a count below 1");
  for (const int threads : options.threads) {
    if (threads < 0) throw Error(ErrorCode::kUsage, "--threads holds a count below 1");
  }
}

}  // namespace

double PlannedGroup::estimate_s() const {
  double sum = 0;
  for (const PlannedCase& each : cases) sum += each.estimate_s;
  return sum;
}

double Plan::estimate_s() const {
  double sum = 0;
  for (const PlannedGroup& each : groups) sum += each.estimate_s();
  return sum;
}

PlanEcho Plan::echo() const {
  std::vector<std::string> suites;
  for (const SuiteName suite : options.suites) suites.emplace_back(to_string(suite));
  Fields fields{{"suites", joined(suites)},
                {"models", joined(options.models)},
                {"devices", joined(options.devices)},
                {"precisions", joined(options.precisions)},
                {"attention", joined(options.attention)},
                {"batches", joined(options.batches)},
                {"process_res", joined(options.process_res)},
                {"tokens", joined(options.tokens)},
                {"images", std::int64_t{options.images}},
                {"runs", std::int64_t{options.runs}},
                {"rounds", std::int64_t{options.rounds}},
                {"warmups", std::int64_t{options.warmups}},
                {"min_time_s", 1e-3 * milliseconds(options.min_time)},
                {"quick", options.quick},
                {"budget_s", options.budget_s},
                {"estimate_s", estimate_s()}};
  return {std::move(fields), left_out};
}

PlanOptions with_defaults(PlanOptions options) {
  if (options.suites.empty()) {
    options.suites = all_suites();
    // Scenes and a soak take long, and a video needs FFmpeg.
    for (const SuiteName suite : {SuiteName::kVideo, SuiteName::kScene, SuiteName::kSoak})
      std::erase(options.suites, suite);
  }
  for (const SuiteName suite : options.skipped_suites) std::erase(options.suites, suite);
  if (options.suites.empty())
    throw Error(ErrorCode::kUsage, "every suite is skipped, so there is nothing to measure");
  const bool quick = options.quick;
  use_default<std::string>(options.models, quick ? std::vector<std::string>{"da3-small"}
                                                 : std::vector<std::string>{"da3-small", "da3-base"});
  use_default<std::string>(options.devices, {"cpu"});
  use_default<int>(options.batches, quick ? std::vector<int>{1, 4} : std::vector<int>{1, 2, 4, 8});
  use_default<int>(options.process_res, {quick ? kQuickProcessRes : kDefaultProcessRes});
  use_default<int>(options.threads, {0});
  // Token counts of 504x280, 504x336, 504x504, 518x518 at patch 14, 770x770 and 1022x1022, with the class
  // token.
  use_default<int>(options.tokens,
                   quick ? std::vector<int>{721, 1370} : std::vector<int>{721, 865, 1297, 1370, 3026, 5330});
  if (options.images == 0) options.images = quick ? 8 : 20;
  if (options.soak_images == 0) options.soak_images = 2000;
  if (options.side_by_side) {
    if (options.rounds == 0) {
      options.rounds = options.runs > 0 ? std::min(kSideBySideRounds, options.runs) : kSideBySideRounds;
    }
    if (options.runs == 0) options.runs = kSideBySideRunsPerRound * options.rounds;
  }
  if (options.runs == 0) options.runs = std::max(options.rounds, quick ? kQuickRuns : kRounds);
  if (options.rounds == 0) options.rounds = std::min(kRounds, options.runs);
  if (options.warmups < 0) options.warmups = 2;
  if (options.budget_s <= 0 && quick) options.budget_s = kQuickBudgetSeconds;
  check(options);
  return options;
}

Plan make_plan(const PlanOptions& options, const PlanFacts& facts) {
  Plan plan;
  plan.options = with_defaults(options);
  for (const SuiteName suite : all_suites()) {
    const auto& wanted = plan.options.suites;
    if (std::find(wanted.begin(), wanted.end(), suite) == wanted.end()) continue;
    const SampleOptions sampling = sample_options(plan.options, suite);
    for (PlannedGroup& group : expand_suite(suite, plan.options, facts)) {
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

SampleOptions sample_options(const PlanOptions& options, SuiteName suite) {
  SampleOptions sampling;
  sampling.runs = options.runs;
  sampling.rounds = options.rounds;
  sampling.warmups = options.warmups;
  sampling.min_time = options.min_time;
  switch (suite) {
    case SuiteName::kBatching:
    case SuiteName::kFolder:
    case SuiteName::kVideo:
    case SuiteName::kLoad:
    case SuiteName::kScene:
      // A pass sees every shape several times; every load is a process of its own.
      sampling.warmups = std::min(1, options.warmups);
      break;
    case SuiteName::kAccuracy:
    case SuiteName::kSoak:
      // The same input gives the same values; a soak is one long run.
      sampling.warmups = 0;
      sampling.runs = 1;
      sampling.rounds = 1;
      sampling.min_time = Nanoseconds{0};
      break;
    default:
      break;
  }
  return sampling;
}

}  // namespace da3::bench
