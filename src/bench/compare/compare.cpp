// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>

#include <da3/error.hpp>

#include <bench/compare/compare.hpp>
#include <bench/compare/match_cases.hpp>
#include <bench/presentation/text_table.hpp>
#include <bench/report/warnings.hpp>
#include <core/names.hpp>

namespace da3::bench {
namespace {

constexpr core::NameTable<Verdict, 6> kVerdicts{{{Verdict::kNoDifference, "no difference shown"},
                                                 {Verdict::kFaster, "faster"},
                                                 {Verdict::kSlower, "slower"},
                                                 {Verdict::kWithinDrift, "below 20 %, not judged"},
                                                 {Verdict::kNotShown, "single values"},
                                                 {Verdict::kNotComparable, "not comparable"}}};

// One side of a two-sided 5 %, as the end of a 95 % interval.
constexpr double kLevel = 0.025;
constexpr std::string_view kCarriesOver = "forward_ms";

// The pair of reports that one run with --against writes, begun within two minutes of each other.
bool were_in_turns(const Report& base, const Report& now) {
  const auto in_turns = [](const Report& report) {
    const FieldValue* value = report.plan.options.find(kInTurns);
    return value != nullptr && *value == FieldValue(true);
  };
  if (!in_turns(base) || !in_turns(now)) return false;
  const auto apart = seconds_apart(base.environment.date_utc, now.environment.date_utc);
  return apart && *apart <= 120;
}

Statistic statistic_called(const std::string& name) {
  if (name == "mean") {
    return [](std::span<const double> v) {
      double sum = 0;
      for (const double value : v) sum += value;
      return sum / static_cast<double>(v.size());
    };
  }
  if (name == "min") return [](std::span<const double> v) { return v.front(); };
  if (name == "max") return [](std::span<const double> v) { return v.back(); };
  const double q = name == "p90" ? 0.9 : name == "p99" ? 0.99 : 0.5;
  return [q](std::span<const double> v) { return quantile(v, q); };
}

// Calibration in the precision of the case. Null where the report has none.
std::optional<double> calibration_of(const CaseResult& result, const Report& report) {
  const std::string name = result.settings.text("precision", "fp32") + "_gflops";
  for (const auto* table : {&result.calibration, &report.calibration}) {
    const auto found = table->find(name);
    if (found != table->end() && found->second > 0) return found->second;
  }
  return std::nullopt;
}

Rounds scaled(Rounds rounds, double factor) {
  for (std::vector<double>& round : rounds) {
    for (double& value : round) value *= factor;
  }
  return rounds;
}

// What two runs of the same program, one after the other, differed by on machines that others use too.
constexpr double kDrift = 1.2;

Verdict verdict_of(const std::optional<Ratio>& ratio, std::string_view metric, bool in_turns) {
  if (!ratio || !ratio->ci95) return Verdict::kNotShown;
  if (!ratio->shows_difference()) return Verdict::kNoDifference;
  if (!in_turns && ratio->value < kDrift && ratio->value > 1 / kDrift) return Verdict::kWithinDrift;
  const bool more_is_slower = metric.find("per_s") == std::string_view::npos;
  return (ratio->value > 1) == more_is_slower ? Verdict::kSlower : Verdict::kFaster;
}

// The samples of both sides, made comparable. Null: they cannot be.
struct Sides {
  Rounds base;
  Rounds now;
};

// What a limit says of one pair of cases.
struct Judgement {
  std::optional<double> p;  // Null: nothing
  std::string why;          // It says nothing
};

class Judge {
 public:
  Judge(const Report& base, const Report& now, const Comparison& comparison, Pairing pairing)
      : base_(base),
        now_(now),
        same_machine_(comparison.same_machine),
        in_turns_(comparison.in_turns),
        pairing_(pairing) {}

  std::optional<Sides> sides(const Pair& pair, const std::string& metric) const {
    const Distribution* base = pair.base->distribution(metric);
    const Distribution* now = pair.now->distribution(metric);
    if (base == nullptr || now == nullptr) return std::nullopt;
    if (same_machine_) return Sides{base->rounds, now->rounds};
    if (metric != kCarriesOver) return std::nullopt;
    const auto base_speed = calibration_of(*pair.base, base_);
    const auto now_speed = calibration_of(*pair.now, now_);
    if (!base_speed || !now_speed) return std::nullopt;
    return Sides{scaled(base->rounds, *base_speed), scaled(now->rounds, *now_speed)};
  }

  ComparedMetric compare(const Pair& pair, const Metric& metric, const std::string& statistic) const {
    ComparedMetric compared;
    compared.name = metric.name;
    const Metric* theirs = pair.now->find(metric.name);
    const bool sampled = std::holds_alternative<Distribution>(metric.value);
    compared.statistic = sampled ? statistic : "";
    compared.base = value_of(metric, statistic);
    if (theirs != nullptr) compared.now = value_of(*theirs, statistic);
    if (const auto both = sides(pair, metric.name)) {
      compared.ratio = ratio_of(both->base, both->now, pairing_, statistic_called(statistic));
      compared.verdict = verdict_of(compared.ratio, metric.name, in_turns_);
      if (!same_machine_) compared.note = "by efficiency";
    } else if (!same_machine_) {
      compared.verdict = Verdict::kNotComparable;
    } else if (compared.base && compared.now && *compared.base > 0) {
      compared.ratio = Ratio{*compared.now / *compared.base, std::nullopt};
    }
    return compared;
  }

  Judgement judge(const Pair& pair, const ComparedMetric& compared, const FailLimit& limit) const {
    if (const auto both = sides(pair, compared.name)) {
      const Statistic statistic = statistic_called(limit.statistic);
      const auto p = limit.on_rise
                         ? p_ratio_above(both->base, both->now, 1 + limit.share, pairing_, statistic)
                         : p_ratio_above(both->now, both->base, 1 / (1 - limit.share), pairing_, statistic);
      return {p, compared.ratio ? "a single round of runs shows no spread (measure with --rounds 2 or more)"
                                : "values that are not above 0 have no ratio"};
    }
    if (compared.verdict == Verdict::kNotComparable) {
      return {std::nullopt, std::string("the reports come from different machines, ") +
                                (compared.name == kCarriesOver ? "and one has no calibration"
                                                               : "between which only forward_ms is judged")};
    }
    if (!compared.base || !compared.now) return {std::nullopt, "it is no number"};
    return {0, ""};  // One exact number: its value alone decides.
  }

 private:
  static std::optional<double> value_of(const Metric& metric, const std::string& statistic) {
    if (const auto* samples = std::get_if<Distribution>(&metric.value)) {
      const std::vector<double> values = sorted_values(samples->rounds);
      if (values.empty()) return std::nullopt;
      return statistic_called(statistic)(values);
    }
    if (const auto* real = std::get_if<double>(&metric.value)) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&metric.value)) return static_cast<double>(*whole);
    return std::nullopt;
  }

  const Report& base_;
  const Report& now_;
  bool same_machine_;
  bool in_turns_;
  Pairing pairing_;
};

bool beyond(const ComparedMetric& metric, const FailLimit& limit) {
  if (metric.ratio && metric.ratio->ci95) {
    const Interval& interval = *metric.ratio->ci95;
    return limit.on_rise ? interval.low > 1 + limit.share : interval.high < 1 - limit.share;
  }
  if (!metric.base || !metric.now) return false;
  // A slope may be 0 or negative, so that the ratio would say nothing: the share is one of its size.
  const double rise = *metric.now - *metric.base;
  return (limit.on_rise ? rise : -rise) > limit.share * std::abs(*metric.base);
}

// The metric that a limit means in a case: by its name, or with "_ms" added.
const Metric* metric_of(const CaseResult& result, const std::string& name) {
  const Metric* exact = result.find(name);
  return exact != nullptr ? exact : result.find(name + "_ms");
}

ComparedMetric& slot_for(ComparedCase& compared, ComparedMetric metric) {
  for (ComparedMetric& each : compared.metrics) {
    if (each.name == metric.name && each.statistic == metric.statistic) return each;
  }
  compared.metrics.push_back(std::move(metric));
  return compared.metrics.back();
}

/// Whether a case has the metric of a limit. Throws: Error kUsage for a statistic that it does not have.
const Metric* judged_metric(const CaseResult& result, const FailLimit& limit) {
  const Metric* metric = metric_of(result, limit.metric);
  if (metric == nullptr || std::holds_alternative<Missing>(metric->value)) return nullptr;
  const auto* samples = std::get_if<Distribution>(&metric->value);
  if (samples != nullptr && limit.statistic.empty()) refuse_without_statistic(limit, metric->name);
  if (samples == nullptr && !limit.statistic.empty()) refuse_statistic(limit, metric->name);
  if (samples != nullptr && limit.statistic == "p99" && !samples->summary().p99) {
    refuse_limit(limit, "p99 needs 100 values, and " + case_name(result) + " has " +
                            std::to_string(samples->summary().n) + "; measure more rounds, or take p90");
  }
  return metric;
}

std::string how_far(const ComparedMetric& metric) {
  if (metric.ratio) return format_number(metric.ratio->value) + " times the base's";
  return format_number(metric.now.value_or(0)) + " and the base's " + format_number(metric.base.value_or(0));
}

struct Candidate {
  ComparedMetric* metric = nullptr;
  std::string owner;
  double p = 1;
};

// Marks those that are beyond the limit, all of them together at one level.
void mark_failures(const FailLimit& limit, const std::vector<Candidate>& candidates, Comparison& comparison) {
  std::vector<double> p_values;
  for (const Candidate& each : candidates) p_values.push_back(each.p);
  const std::vector<double> adjusted = holm_adjust(p_values);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    ComparedMetric& metric = *candidates[i].metric;
    metric.p_value = adjusted[i];
    if (!beyond(metric, limit) || adjusted[i] >= kLevel) continue;
    metric.failed = true;
    comparison.failures.push_back(candidates[i].owner + ": " + metric.name + " is " + how_far(metric) +
                                  ", limit " + to_text(limit));
  }
}

void apply_limit(const FailLimit& limit, const Matches& matches, const Judge& judge, Comparison& comparison) {
  bool judged = false;
  for (const LostCase& lost : matches.lost) {
    if (judged_metric(*lost.base, limit) == nullptr) continue;
    judged = true;
    comparison.failures.push_back(case_name(*lost.base) + ": " + lost.why + ", limit " + to_text(limit));
  }
  std::vector<Candidate> candidates;
  std::vector<std::string> not_judged;
  for (std::size_t i = 0; i < matches.done.size(); ++i) {
    const Pair& pair = matches.done[i];
    const Metric* const metric = judged_metric(*pair.base, limit);
    if (metric == nullptr) continue;
    ComparedMetric& slot = slot_for(comparison.cases[i], judge.compare(pair, *metric, limit.statistic));
    if (slot.base && !slot.now) {
      judged = slot.failed = true;
      comparison.failures.push_back(case_name(*pair.base) + ": " + metric->name +
                                    " is not in the new report, limit " + to_text(limit));
      continue;
    }
    judged_metric(*pair.now, limit);
    const Judgement judgement = judge.judge(pair, slot, limit);
    if (judgement.p) {
      candidates.push_back({&slot, case_name(*pair.now), *judgement.p});
    } else {
      not_judged.push_back(case_name(*pair.now) + ": " + metric->name + ": " + judgement.why);
    }
  }
  if (candidates.empty() && !judged) {
    refuse_limit(limit, not_judged.empty() ? "no matching case has the metric " + limit.metric
                                           : "no case can be judged by it: " + not_judged.front());
  }
  for (const std::string& each : not_judged) {
    comparison.not_judged.push_back(each + ", limit " + to_text(limit));
  }
  mark_failures(limit, candidates, comparison);
}

}  // namespace

std::string verdict_text(Verdict verdict, std::string_view metric) {
  if (metric.ends_with("_bytes")) {
    if (verdict == Verdict::kFaster) return "less";
    if (verdict == Verdict::kSlower) return "more";
  }
  return std::string(core::name_of(kVerdicts, verdict));
}

Comparison compare_reports(const Report& base, const Report& now, const std::vector<FailLimit>& limits,
                           Pairing pairing) {
  Comparison comparison;
  // What ran alternately ran on one machine, whatever the two programs know to tell about it.
  comparison.same_machine = pairing == Pairing::kByRound || base.environment.same_machine(now.environment);
  comparison.in_turns = pairing == Pairing::kByRound || were_in_turns(base, now);
  comparison.base_date = base.environment.date_utc;
  comparison.now_date = now.environment.date_utc;
  const Matches matches = match_cases(base, now, comparison);
  if (matches.done.empty() && matches.lost.empty()) {
    throw Error(ErrorCode::kUsage, "no case of the two reports has the same settings (" +
                                       std::to_string(base.cases.size()) + " and " +
                                       std::to_string(now.cases.size()) + " cases)" +
                                       nearest_miss(base, now, comparison.same_machine) +
                                       "; measure both with the same options");
  }
  const Judge judge(base, now, comparison, pairing);
  for (const Pair& pair : matches.done) {
    ComparedCase compared{pair.now->suite, pair.now->settings, {}};
    for (const Metric& metric : pair.base->metrics) {
      if (pair.now->find(metric.name) != nullptr && !std::holds_alternative<Missing>(metric.value)) {
        compared.metrics.push_back(judge.compare(pair, metric, "median"));
      }
    }
    comparison.cases.push_back(std::move(compared));
  }
  for (const FailLimit& limit : limits) apply_limit(limit, matches, judge, comparison);
  return comparison;
}

}  // namespace da3::bench
