// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <da3/error.hpp>

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

template <typename Value>
void use_default(std::vector<Value>& list, std::vector<Value> values) {
  if (list.empty()) list = std::move(values);
}

std::string joined(const std::vector<std::string>& texts) {
  return core::joined(texts, ",");
}

template <typename Value>
std::string joined(const std::vector<Value>& values) {
  using std::to_string;
  std::vector<std::string> texts;
  for (const Value& value : values) texts.emplace_back(to_string(value));
  return joined(texts);
}

std::string joined(const std::vector<std::optional<Precision>>& precisions) {
  std::vector<std::string> texts;
  for (const auto& each : precisions) texts.emplace_back(to_text(each));
  return joined(texts);
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

std::string to_text(const std::optional<Precision>& precision) {
  return precision ? std::string(to_string(*precision)) : kDefaultPrecision;
}

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
  Fields fields{{"suites", joined(options.suites)},
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
    std::erase_if(options.suites, [](SuiteName suite) { return !facts_of(suite).by_default; });
  }
  for (const SuiteName suite : options.skipped_suites) std::erase(options.suites, suite);
  if (options.suites.empty())
    throw Error(ErrorCode::kUsage, "every suite is skipped, so there is nothing to measure");
  const bool quick = options.quick;
  use_default<std::string>(options.models, quick ? std::vector<std::string>{"da3-small"}
                                                 : std::vector<std::string>{"da3-small", "da3-base"});
  use_default<DeviceId>(options.devices, {DeviceId{}});
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

SampleOptions sample_options(const PlanOptions& options, SuiteName suite) {
  SampleOptions sampling;
  sampling.runs = options.runs;
  sampling.rounds = options.rounds;
  sampling.warmups = options.warmups;
  sampling.min_time = options.min_time;
  switch (facts_of(suite).repeats) {
    case Repeats::kAsAsked:
      break;
    case Repeats::kOneWarmUp:
      sampling.warmups = std::min(1, options.warmups);
      break;
    case Repeats::kOnce:
      sampling.warmups = 0;
      sampling.runs = 1;
      sampling.rounds = 1;
      sampling.min_time = Nanoseconds{0};
      break;
  }
  return sampling;
}

}  // namespace da3::bench
