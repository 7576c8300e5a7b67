// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <bench/against/against.hpp>
#include <bench/compare/compare.hpp>
#include <bench/compare/comparison_text.hpp>
#include <bench/report/sample_report.hpp>

namespace da3::bench {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The default of --against.
constexpr int kSideBySideRounds = 12;
constexpr int kRunsPerRound = 3;

const Rounds kSteady{{100, 101}, {99, 100}, {101, 100}, {100, 99}, {100, 102}};

Rounds scaled(Rounds rounds, double factor) {
  for (auto& round : rounds) {
    for (double& value : round) value *= factor;
  }
  return rounds;
}

Report report_of(const Rounds& rounds, const std::string& cpu = "Example 9000") {
  return sample_report({throughput_case(1, "sdpa", rounds)}, cpu);
}

TEST(FailLimits, ReadsMetricStatisticAndShare) {
  const auto limits =
      parse_fail_limits("forward_ms.median>5%, load.p50 > 7.5 %,peak_rss_bytes>10%,images_per_s<20%");
  ASSERT_THAT(limits, SizeIs(4));
  EXPECT_EQ(limits[0].metric, "forward_ms");
  EXPECT_EQ(limits[0].statistic, "median");
  EXPECT_DOUBLE_EQ(limits[0].share, 0.05);
  EXPECT_EQ(limits[1].statistic, "median");
  EXPECT_DOUBLE_EQ(limits[1].share, 0.075);
  EXPECT_TRUE(limits[2].statistic.empty());
  EXPECT_FALSE(limits[3].on_rise);
}

TEST(FailLimits, RefusesWhatItCannotRead) {
  for (const char* text :
       {"", "forward_ms.median", "forward_ms.median>5", "forward_ms.median>x%", "forward_ms.middle>5%", ">5%",
        "forward_ms.median>-5%", "a>5%,", "a<100%", "a>nan%"}) {
    EXPECT_THROW(parse_fail_limits(text), Error) << text;
  }
}

TEST(Compare, EqualSamplesShowNoDifference) {
  const Comparison c =
      compare_reports(report_of(kSteady), report_of(kSteady), parse_fail_limits("forward.p50>5%"));
  EXPECT_FALSE(c.failed());
  EXPECT_EQ(c.cases.front().metrics.front().verdict, Verdict::kNoDifference);
  EXPECT_THAT(format_comparison(c, ReportFormat::kTable), HasSubstr("no difference shown"));
}

TEST(Compare, SlowDownBeyondTheLimitFails) {
  const auto limits = parse_fail_limits("forward_ms.median>5%");
  const Comparison slow = compare_reports(report_of(kSteady), report_of(scaled(kSteady, 1.10)), limits);
  ASSERT_TRUE(slow.failed());
  EXPECT_THAT(slow.failures.front(), HasSubstr("forward_ms is 1.1 times the base's"));
  EXPECT_FALSE(compare_reports(report_of(kSteady), report_of(scaled(kSteady, 1.10))).failed());
  EXPECT_FALSE(compare_reports(report_of(kSteady), report_of(scaled(kSteady, 1.04)), limits).failed());
  EXPECT_FALSE(compare_reports(report_of(kSteady), report_of(scaled(kSteady, 0.5)), limits).failed());
}

TEST(Compare, FallBeyondTheLimitFailsWhereThatIsAsked) {
  const auto limits = parse_fail_limits("forward_ms.median<20%");
  EXPECT_TRUE(compare_reports(report_of(kSteady), report_of(scaled(kSteady, 0.7)), limits).failed());
  EXPECT_FALSE(compare_reports(report_of(kSteady), report_of(scaled(kSteady, 0.9)), limits).failed());
}

TEST(Compare, OneRunOnASideShowsNothing) {
  const Comparison c = compare_reports(report_of({{100}}), report_of({{500}}));
  EXPECT_EQ(c.cases.front().metrics.front().verdict, Verdict::kNotShown);
}

/// What is said of limits that no case can be judged by.
std::string refusal(const Report& base, const Report& now, const std::string& limit) {
  try {
    compare_reports(base, now, parse_fail_limits(limit));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    return error.what();
  }
  return "judged";
}

TEST(Compare, ALimitThatNoCaseCanBeJudgedByIsRefused) {
  EXPECT_THAT(refusal(report_of({{100}}), report_of({{500}}), "forward_ms.median>5%"),
              HasSubstr("single round"));
  const Rounds one_round{{100, 101, 99, 100, 101, 100}};
  EXPECT_THAT(refusal(report_of(one_round), report_of(scaled(one_round, 9)), "forward_ms.median>5%"),
              HasSubstr("single round"));
  EXPECT_THAT(refusal(report_of(kSteady), report_of(scaled(kSteady, 0)), "forward_ms.median<5%"),
              HasSubstr("not above 0"));
  EXPECT_THAT(refusal(report_of(kSteady), report_of(kSteady, "Faster 1"), "images_per_s<10%"),
              HasSubstr("different machines"));
}

TEST(Compare, CasesThatALimitDoesNotJudgeAreNamed) {
  const Report base =
      sample_report({throughput_case(1, "sdpa", kSteady), throughput_case(2, "sdpa", {{100}})});
  const Comparison c = compare_reports(base, base, parse_fail_limits("forward_ms.median>5%"));
  EXPECT_FALSE(c.failed());
  EXPECT_THAT(c.not_judged, testing::ElementsAre(AllOf(HasSubstr("batch=2"), HasSubstr("single round"))));
  EXPECT_THAT(format_comparison(c, ReportFormat::kTable), HasSubstr("not judged: throughput"));
  EXPECT_THAT(nlohmann::json::parse(format_comparison(c, ReportFormat::kJson))["not_judged"], SizeIs(1));
}

// As a soak run gives it: memory that falls a little, or stays.
TEST(Compare, NumbersThatAreNotAboveZeroAreJudgedByAShareOfTheirSize) {
  const auto with_slope = [](double bytes) {
    Report report = report_of(kSteady);
    report.cases.front().set("memory_slope_bytes_per_1000", bytes);
    return report;
  };
  const auto rises = [&](double from, double to, const char* limit) {
    return compare_reports(with_slope(from), with_slope(to), parse_fail_limits(limit)).failed();
  };
  EXPECT_TRUE(rises(-4096, 1e9, "memory_slope_bytes_per_1000>10%"));
  EXPECT_TRUE(rises(0, 1, "memory_slope_bytes_per_1000>10%"));
  EXPECT_TRUE(rises(-1000, -890, "memory_slope_bytes_per_1000>10%"));
  EXPECT_FALSE(rises(-1000, -910, "memory_slope_bytes_per_1000>10%"));
  EXPECT_FALSE(rises(0, 0, "memory_slope_bytes_per_1000>10%"));
  EXPECT_FALSE(rises(0, -1, "memory_slope_bytes_per_1000>10%"));
  EXPECT_TRUE(rises(-1000, -1200, "memory_slope_bytes_per_1000<10%"));
  EXPECT_TRUE(rises(100, -5, "memory_slope_bytes_per_1000<10%"));
  const Comparison c = compare_reports(with_slope(-4096), with_slope(1e9),
                                       parse_fail_limits("memory_slope_bytes_per_1000>10%"));
  EXPECT_THAT(c.failures, testing::ElementsAre(HasSubstr("is 1000000000 and the base's -4096")));
}

TEST(Compare, WhatWasNotMeasuredInTurnsSaysSoFirstAndIsNotJudgedBelowTwentyPercent) {
  Report now = report_of(scaled(kSteady, 1.15));
  now.environment.date_utc = "2026-11-23T04:40:00Z";
  const Comparison near = compare_reports(report_of(kSteady), now);
  EXPECT_EQ(near.cases.front().metrics.front().verdict, Verdict::kWithinDrift);
  EXPECT_THAT(format_comparison(near, ReportFormat::kTable),
              testing::StartsWith("Measured one after the other, 40 min apart, not alternately:"));
  const Comparison far = compare_reports(report_of(kSteady), report_of(scaled(kSteady, 1.3)));
  EXPECT_EQ(far.cases.front().metrics.front().verdict, Verdict::kSlower);
  const Comparison in_turns =
      compare_reports(report_of(kSteady), report_of(scaled(kSteady, 1.15)), {}, Pairing::kByRound);
  EXPECT_EQ(in_turns.cases.front().metrics.front().verdict, Verdict::kSlower);
  EXPECT_THAT(format_comparison(in_turns, ReportFormat::kTable),
              testing::Not(HasSubstr("one after the other")));
}

TEST(Compare, TheTwoReportsOfOneRunInTurnsAreKnownAgain) {
  Report base = report_of(kSteady);
  Report now = report_of(scaled(kSteady, 0.9));
  base.plan.options.set(kInTurns, true);
  now.plan.options.set(kInTurns, true);
  EXPECT_TRUE(compare_reports(base, now).in_turns);
  EXPECT_EQ(compare_reports(base, now).cases.front().metrics.front().verdict, Verdict::kFaster);
  now.environment.date_utc = "2026-11-24T04:00:00Z";
  EXPECT_FALSE(compare_reports(base, now).in_turns) << "of two runs";
}

TEST(Compare, VerdictsSayWhatIsMeant) {
  EXPECT_EQ(verdict_text(Verdict::kFaster, "forward_ms"), "faster");
  EXPECT_EQ(verdict_text(Verdict::kSlower, "forward_ms"), "slower");
  EXPECT_EQ(verdict_text(Verdict::kSlower, "peak_rss_bytes"), "more");
  EXPECT_EQ(verdict_text(Verdict::kFaster, "peak_rss_bytes"), "less");
  // More images per second is faster.
  Report base = report_of(kSteady);
  Report now = report_of(kSteady);
  base.cases.front().set("images_per_s", Distribution{kSteady, {}});
  now.cases.front().set("images_per_s", Distribution{scaled(kSteady, 1.5), {}});
  EXPECT_EQ(compare_reports(base, now).cases.front().metrics[1].verdict, Verdict::kFaster);
}

TEST(Compare, ExactNumbersFailByTheirValueAlone) {
  Report more = report_of(kSteady);
  more.cases.front().set("peak_rss_bytes", std::int64_t{700000000});
  const auto limits = parse_fail_limits("peak_rss_bytes>10%");
  EXPECT_TRUE(compare_reports(report_of(kSteady), more, limits).failed());
  EXPECT_FALSE(compare_reports(more, report_of(kSteady), limits).failed());
}

TEST(Compare, AsksForAStatisticOnlyWhereThereAreSamples) {
  const Report r = report_of(kSteady);
  EXPECT_THROW(compare_reports(r, r, parse_fail_limits("forward_ms>5%")), Error);
  EXPECT_THROW(compare_reports(r, r, parse_fail_limits("peak_rss_bytes.median>5%")), Error);
  EXPECT_THROW(compare_reports(r, r, parse_fail_limits("absent_ms.median>5%")), Error);
}

TEST(Compare, MatchesByAllSettings) {
  const Report base =
      sample_report({throughput_case(1, "sdpa", kSteady), throughput_case(2, "sdpa", kSteady)});
  const Report now =
      sample_report({throughput_case(4, "sdpa", kSteady), throughput_case(2, "sdpa", kSteady)});
  const Comparison c = compare_reports(base, now);
  EXPECT_THAT(c.cases, SizeIs(1));
  EXPECT_THAT(c.only_in_base, SizeIs(1));
  EXPECT_THAT(c.only_in_new, SizeIs(1));
}

TEST(Compare, AnotherModelOfOneNameIsTold) {
  const auto report = [](const char* sha256, const char* precision) {
    Report made = sample_report({throughput_case(1, "sdpa", kSteady), throughput_case(2, "sdpa", kSteady)});
    for (CaseResult& each : made.cases) {
      each.facts.set("model_sha256", std::string(sha256));
      each.facts.set("precision_used", std::string(precision));
    }
    return made;
  };
  EXPECT_THAT(compare_reports(report("aa", "fp32"), report("aa", "fp32")).differing, IsEmpty());
  EXPECT_THAT(compare_reports(report("aa", "fp32"), report_of(kSteady)).differing, IsEmpty()) << "not known";
  const Comparison c = compare_reports(report("aa", "fp32"), report("bb", "bf16"));
  EXPECT_THAT(c.differing, testing::ElementsAre(AllOf(
                               HasSubstr("batch=1"), HasSubstr("and 1 more: model_sha256 is aa in the base"),
                               HasSubstr("precision_used is fp32 in the base and bf16"))));
  EXPECT_THAT(format_comparison(c, ReportFormat::kTable), HasSubstr("not the same: throughput"));
}

TEST(Compare, NoMatchingCaseIsAUsageError) {
  const Report base = sample_report({throughput_case(1, "sdpa", kSteady)});
  try {
    compare_reports(base, sample_report({throughput_case(2, "sdpa", kSteady)}));
    ADD_FAILURE() << "compared";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(": batch is 1 in the base and 2 in the new one;"));
  }
}

/// A report in which the first case of `base` was tried without a result.
Report without_result(const Report& base, CaseStatus status, const std::string& reason) {
  CaseResult lost = base.cases.front();
  lost.status = status;
  lost.reason = reason;
  lost.metrics.clear();
  return sample_report({lost});
}

TEST(Compare, ACaseThatFailsIsBeyondEveryLimitOnIt) {
  const Report base = report_of(kSteady);
  const Report now = without_result(base, CaseStatus::kFailed, "it crashed");
  const Comparison told = compare_reports(base, now);
  EXPECT_FALSE(told.failed());
  EXPECT_THAT(told.only_in_base, IsEmpty());
  EXPECT_THAT(format_comparison(told, ReportFormat::kTable),
              AllOf(HasSubstr("failed in new: throughput model=da3-small"), HasSubstr("(it crashed)")));
  const Comparison judged = compare_reports(base, now, parse_fail_limits("forward_ms.median>5%"));
  EXPECT_THAT(judged.failures, testing::ElementsAre(HasSubstr("failed in the new report (it crashed)")));
  EXPECT_THROW(compare_reports(base, now, parse_fail_limits("no_such_ms.median>5%")), Error);
}

TEST(Compare, ACaseThatIsSkippedIsBeyondEveryLimitOnIt) {
  const Report base = report_of(kSteady);
  const Report now = without_result(base, CaseStatus::kSkipped, "no such precision");
  const Comparison judged = compare_reports(base, now, parse_fail_limits("forward_ms.median>5%"));
  EXPECT_THAT(judged.failures, testing::ElementsAre(HasSubstr("skipped in the new report (no such")));
  EXPECT_THAT(judged.failed_in_new, testing::ElementsAre(HasSubstr("(skipped: no such precision)")));
}

TEST(Compare, ACaseOfTheSamePlanThatIsMissingIsBeyondEveryLimitOnIt) {
  Report base = sample_report({throughput_case(1, "sdpa", kSteady), throughput_case(2, "sdpa", kSteady)});
  base.plan.options.set("suites", std::string("throughput"));
  base.plan.options.set("batches", std::string("1,2"));
  Report now = base;
  now.cases.pop_back();
  const auto limits = parse_fail_limits("forward_ms.median>5%");
  EXPECT_THAT(compare_reports(base, now, limits).failures,
              testing::ElementsAre(HasSubstr("missing in the new report")));
  EXPECT_FALSE(compare_reports(now, base, limits).failed());
  now.plan.options.set("batches", std::string("1"));
  EXPECT_FALSE(compare_reports(base, now, limits).failed()) << "it was not to be measured";
}

TEST(Compare, AMetricThatIsGoneIsBeyondItsLimit) {
  const Report base = report_of(kSteady);
  Report now = base;
  now.cases.front().set("forward_ms", Missing{"it was not measured"});
  EXPECT_TRUE(compare_reports(base, now, parse_fail_limits("forward_ms.median>5%")).failed());
  EXPECT_FALSE(compare_reports(now, base, parse_fail_limits("peak_rss_bytes>5%")).failed());
  EXPECT_THROW(compare_reports(now, base, parse_fail_limits("forward_ms.median>5%")), Error)
      << "the base has nothing to compare with";
}

TEST(Compare, JudgesNoP99OfFewValues) {
  const Rounds many(5, std::vector<double>(20, 100));
  EXPECT_FALSE(
      compare_reports(report_of(many), report_of(many), parse_fail_limits("forward_ms.p99>5%")).failed());
  EXPECT_THROW(compare_reports(report_of(kSteady), report_of(many), parse_fail_limits("forward_ms.p99>5%")),
               Error);
  EXPECT_THROW(compare_reports(report_of(many), report_of(kSteady), parse_fail_limits("forward_ms.p99>5%")),
               Error);
}

TEST(Compare, OtherMachinesAreJudgedByEfficiency) {
  // Half the time on a machine of twice the speed is the same efficiency.
  Report fast = sample_report({throughput_case(1, "sdpa", scaled(kSteady, 0.5), "cpu", 16)}, "Faster 1");
  fast.cases.front().calibration = {{"fp32_gflops", 340.0}};
  const auto limits = parse_fail_limits("forward_ms.median>5%");
  const Comparison same = compare_reports(report_of(kSteady), fast, limits);
  EXPECT_FALSE(same.same_machine);
  EXPECT_FALSE(same.failed());
  EXPECT_NEAR(same.cases.front().metrics.front().ratio->value, 1.0, 1e-12);
  // The same time there is half the efficiency.
  fast.cases.front().set("forward_ms", Distribution{kSteady, {}});
  EXPECT_TRUE(compare_reports(report_of(kSteady), fast, limits).failed());
}

TEST(Compare, ProgramsThatTookTurnsRanOnOneMachine) {
  // One of them does not know the devices.
  Report now = report_of(scaled(kSteady, 1.2));
  now.environment.devices.clear();
  const auto limits = parse_fail_limits("forward_ms.median>5%");
  const Comparison c = compare_reports(report_of(kSteady), now, limits, Pairing::kByRound);
  EXPECT_TRUE(c.same_machine);
  EXPECT_TRUE(c.failed());
}

TEST(Compare, OtherMachinesNeedACalibration) {
  Report other = report_of(scaled(kSteady, 3), "Faster 1");
  other.calibration.clear();
  other.cases.front().calibration.clear();
  EXPECT_THAT(refusal(report_of(kSteady), other, "forward_ms.median>5%"), HasSubstr("no calibration"));
  const Comparison c = compare_reports(report_of(kSteady), other);
  EXPECT_EQ(c.cases.front().metrics.front().verdict, Verdict::kNotComparable);
}

// Rounds as two programs that alternate would give: noise of 3 % a run, 2 % a process, drift of the machine
// shared by both.
class Machine {
 public:
  explicit Machine(unsigned seed) : random_(seed) {}
  std::pair<Rounds, Rounds> alternate(int rounds, double slowdown) {
    std::pair<Rounds, Rounds> both;
    double drift = 0;
    for (int i = 0; i < rounds; ++i) {
      drift += 0.02 * normal();
      both.first.push_back(round(100 * std::exp(drift)));
      both.second.push_back(round(100 * slowdown * std::exp(drift)));
    }
    return both;
  }

 private:
  // The runs of one process, which lies 2 % better or worse in memory than others.
  std::vector<double> round(double ms) {
    const double place = 0.02 * normal();
    std::vector<double> runs;
    for (int i = 0; i < kRunsPerRound; ++i) runs.push_back(ms * std::exp(place + 0.03 * normal()));
    return runs;
  }

  // Box and Muller, since the standard library's distribution differs between implementations.
  double normal() {
    const auto uniform = [&] {
      return (static_cast<double>(random_()) + 1.0) / (static_cast<double>(std::mt19937::max()) + 2.0);
    };
    return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform());
  }
  std::mt19937 random_;
};

int alarms(double slowdown) {
  const auto limits = parse_fail_limits("forward_ms.median>5%");
  int found = 0;
  for (unsigned run = 0; run < 40; ++run) {
    const auto [base, now] = Machine(run).alternate(kSideBySideRounds, slowdown);
    found += compare_reports(report_of(base), report_of(now), limits, Pairing::kByRound).failed() ? 1 : 0;
  }
  return found;
}

TEST(Compare, InterleavedRunsOfOneProgramRaiseNoAlarm) {
  EXPECT_EQ(alarms(1.0), 0);
}

TEST(Compare, InterleavedRunsFindATenPercentSlowDown) {
  EXPECT_GE(alarms(1.10), 30);
}

TEST(Comparison, HasEveryFormat) {
  Report slow = report_of(scaled(kSteady, 1.10));
  slow.cases.front().settings.set("model", std::string("a,b"));
  Report base = report_of(kSteady);
  base.cases.front().settings.set("model", std::string("a,b"));
  const Comparison c = compare_reports(base, slow, parse_fail_limits("forward_ms.median>5%"));
  EXPECT_THAT(format_comparison(c, ReportFormat::kTable), HasSubstr("BEYOND THE LIMIT"));
  EXPECT_THAT(format_comparison(c, ReportFormat::kMarkdown),
              HasSubstr("\n- regression: throughput model=a,b"));
  const std::string csv = format_comparison(c, ReportFormat::kCsv);
  EXPECT_THAT(csv, testing::StartsWith("suite,model,"));
  EXPECT_THAT(
      csv,
      HasSubstr("\nthroughput,\"a,b\",synthetic,cpu,fp32,sdpa,1,280,504,2,forward_ms,median,100,110,1.1,"));
  const nlohmann::json json = nlohmann::json::parse(format_comparison(c, ReportFormat::kJson));
  EXPECT_EQ(json["comparison"], 1);
  EXPECT_EQ(json["failed"], true);
  const nlohmann::json& metric = json["cases"][0]["metrics"][0];
  EXPECT_EQ(metric["metric"], "forward_ms");
  EXPECT_EQ(metric["statistic"], "median");
  EXPECT_NEAR(metric["ratio"].get<double>(), 1.1, 1e-12);
  EXPECT_EQ(metric["ci95"].size(), 2U);
  EXPECT_EQ(metric["verdict"], "below 20 %, not judged");
  EXPECT_EQ(json["in_turns"], false);
  EXPECT_EQ(json["cases"][0]["metrics"][1]["statistic"], nullptr);
}

TEST(Comparison, NamesCasesByWhatTellsThemApart) {
  CaseResult four = throughput_case(4, "sdpa", kSteady);
  four.set("peak_rss_bytes", std::int64_t{600000000});
  const Report report = sample_report({throughput_case(1, "sdpa", kSteady), four});
  const std::string text = format_comparison(compare_reports(report, report), ReportFormat::kMarkdown);
  EXPECT_THAT(text, HasSubstr("## " + std::string(facts_of(SuiteName::kThroughput).title) +
                              "\n\nWith model da3-small, weights synthetic,"));
  EXPECT_THAT(text, HasSubstr("\n| batch=1 | forward_ms.median | 100 | 100 |"));
  EXPECT_THAT(text, HasSubstr("\n| batch=4 | forward_ms.median |"));
  EXPECT_THAT(text, HasSubstr("|  | peak_rss_bytes | 572.2 MiB | 572.2 MiB | 1 |"));
}

TEST(Compare, ManyCasesRaiseNoMoreAlarmsThanOne) {
  // A single noisy case of twenty that reaches p = 0.01 passes after Holm's correction, and fails alone.
  const Rounds noisy_base{{100}, {104}, {97}, {101}};
  const Rounds noisy_new{{112}, {110}, {114}, {108}};
  std::vector<CaseResult> base{throughput_case(1, "sdpa", noisy_base)};
  std::vector<CaseResult> now{throughput_case(1, "sdpa", noisy_new)};
  const auto limits = parse_fail_limits("forward_ms.median>5%");
  const double alone =
      *compare_reports(sample_report(base), sample_report(now), limits).cases[0].metrics[0].p_value;
  for (std::int64_t i = 2; i <= 20; ++i) {
    base.push_back(throughput_case(i, "sdpa", kSteady));
    now.push_back(throughput_case(i, "sdpa", kSteady));
  }
  const Comparison many = compare_reports(sample_report(base), sample_report(now), limits);
  EXPECT_NEAR(*many.cases[0].metrics[0].p_value, 20 * alone, 1e-9);
  EXPECT_LT(alone, 0.025);
  EXPECT_FALSE(many.failed());
}

}  // namespace
}  // namespace da3::bench
