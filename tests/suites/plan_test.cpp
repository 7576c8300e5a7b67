// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <bench/plan/plan.hpp>
#include <bench/presentation/plan_text.hpp>
#include <suites/make_plan.hpp>

namespace da3::bench {
namespace {

using suites::make_plan;
using testing::HasSubstr;
using testing::SizeIs;

PlanFacts facts(double run_seconds = 0.1) {
  return {
      .weights = [](const std::string&) { return "synthetic"; },
      .offers_attention = {},
      .default_precision =
          [](const DeviceId& device) {
            return device.kind == DeviceKind::kCpu ? Precision::kFp32 : Precision::kFp16;
          },
      .default_threads = [](const DeviceId&) { return 2; },
      .processed_size = [](const std::string&, Size, int res) { return Size{res * 5 / 9 / 14 * 14, res}; },
      .strategies =
          [](const DeviceId& device) {
            return device.kind == DeviceKind::kCpu ? std::vector<std::string>{"cpu"}
                                                   : std::vector<std::string>{"cpu", "device"};
          },
      .dataset_photos = {},
      .run_seconds = [run_seconds](const PlannedCase&) { return run_seconds; }};
}

std::set<SuiteName> suites_of(const Plan& plan) {
  std::set<SuiteName> suites;
  for (const PlannedGroup& group : plan.groups) suites.insert(group.suite);
  return suites;
}

/// Suites that run without being named.
std::set<SuiteName> usual_suites() {
  std::set<SuiteName> usual;
  for (const SuiteFacts& suite : kSuiteFacts) {
    if (suite.by_default) usual.insert(suite.suite);
  }
  return usual;
}

TEST(Plan, DefaultHasEverySuiteButThoseThatHaveToBeNamed) {
  const Plan plan = make_plan({}, facts());
  EXPECT_EQ(suites_of(plan), usual_suites());
  EXPECT_FALSE(suites_of(plan).count(SuiteName::kSoak));
  EXPECT_FALSE(suites_of(plan).count(SuiteName::kScene));
  EXPECT_FALSE(suites_of(plan).count(SuiteName::kVideo));
}

TEST(Plan, ScenesHaveMoreAndMoreViews) {
  PlanOptions options;
  options.suites = {SuiteName::kScene};
  options.models = {"da3-small"};
  std::vector<std::int64_t> views;
  for (const PlannedGroup& group : make_plan(options, facts()).groups) {
    for (const PlannedCase& each : group.cases) views.push_back(each.settings.number("views"));
  }
  EXPECT_THAT(views, testing::ElementsAre(1, 2, 4, 8, 16));
}

TEST(Plan, FolderNamesItsFormatsWhereTheyAreNotTheUsualOnes) {
  PlanOptions options;
  options.suites = {SuiteName::kFolder};
  options.models = {"da3-small"};
  // Reports of before compare with those of now.
  EXPECT_EQ(make_plan(options, facts()).groups.at(0).cases.at(0).settings.find("formats"), nullptr);
  options.result_formats = {"png16", "npz"};
  EXPECT_EQ(make_plan(options, facts()).groups.at(0).cases.at(0).settings.text("formats"), "png16,npz");
}

TEST(Plan, FolderAndVideoRunEachPrecisionThatIsNamed) {
  for (const SuiteName suite : {SuiteName::kFolder, SuiteName::kVideo}) {
    PlanOptions options;
    options.suites = {suite};
    options.models = {"da3-small"};
    options.image_sizes = {{720, 1280}};
    EXPECT_THAT(make_plan(options, facts()).groups.at(0).cases, SizeIs(1));
    options.precisions = {Precision::kFp32, Precision::kInt8};
    const Plan plan = make_plan(options, facts());
    std::vector<std::string> precisions;
    for (const PlannedCase& each : plan.groups.at(0).cases)
      precisions.push_back(each.settings.text("precision"));
    EXPECT_THAT(precisions, testing::ElementsAre("fp32", "int8"));
  }
}

TEST(Plan, EveryQuickSuiteHasACaseHoweverSmallTheBudget) {
  PlanOptions options;
  options.quick = true;
  options.budget_s = 1;
  const Plan plan = make_plan(options, facts());
  EXPECT_EQ(suites_of(plan), usual_suites());
  EXPECT_GT(plan.left_out.size(), 3U);
  EXPECT_THAT(plan.left_out.front().reason, HasSubstr("budget of 1 s"));
}

TEST(Plan, QuickStaysWithinItsBudgetAndListsTheRest) {
  PlanOptions options;
  options.quick = true;
  const Plan all = make_plan(options, facts(0.1));
  EXPECT_LE(all.estimate_s(), 240.0);
  const std::size_t named = all_suites().size() - usual_suites().size();
  EXPECT_THAT(all.left_out, SizeIs(named));
  const Plan slow = make_plan(options, facts(2.0));
  EXPECT_LE(slow.estimate_s(), 240.0);
  std::size_t kept = 0;
  std::size_t planned = 0;
  for (const PlannedGroup& group : slow.groups) kept += group.cases.size();
  for (const PlannedGroup& group : all.groups) planned += group.cases.size();
  EXPECT_EQ(kept + slow.left_out.size() - named, planned);
}

TEST(Plan, QuickMeasuresSmallThings) {
  PlanOptions options;
  options.quick = true;
  for (const PlannedGroup& group : make_plan(options, facts()).groups) {
    for (const PlannedCase& each : group.cases) {
      if (each.suite == SuiteName::kThroughput) {
        EXPECT_EQ(each.settings.number("width"), 280);
        EXPECT_TRUE(each.settings.number("batch") == 1 || each.settings.number("batch") == 4);
      }
      if (each.suite == SuiteName::kLatency) {
        EXPECT_EQ(each.settings.number("width"), 504);
      }
      if (each.suite == SuiteName::kBatching) {
        EXPECT_EQ(each.settings.number("images"), 8);
      }
      if (each.suite == SuiteName::kAttention) {
        EXPECT_TRUE(each.settings.number("tokens") == 721 || each.settings.number("tokens") == 1370);
      }
    }
  }
}

TEST(Plan, NamedListsWinOverQuick) {
  PlanOptions options;
  options.quick = true;
  options.suites = {SuiteName::kThroughput};
  options.models = {"da3-giant"};
  options.batches = {3};
  options.attention = {Attention::kManual};
  options.process_res = {560};
  const Plan plan = make_plan(options, facts());
  ASSERT_THAT(plan.groups, SizeIs(1));
  ASSERT_THAT(plan.groups.front().cases, SizeIs(1));
  const Fields& settings = plan.groups.front().cases.front().settings;
  EXPECT_EQ(to_text(settings),
            "model=da3-giant weights=synthetic device=cpu precision=fp32 attention=manual batch=3 views=1 "
            "height=308 "
            "width=560 threads=2");
}

TEST(Plan, ListsMultiply) {
  PlanOptions options;
  options.suites = {SuiteName::kThroughput};
  options.models = {"da3-small", "da3-base"};
  options.devices = {DeviceId{}, parse_device("cuda:0")};
  options.precisions = {Precision::kFp32, Precision::kBf16};
  options.threads = {1, 2};
  const Plan plan = make_plan(options, facts());
  EXPECT_THAT(plan.groups, SizeIs(2 * 2 * 2));                // model, device, threads
  EXPECT_THAT(plan.groups.front().cases, SizeIs(2 * 2 * 4));  // precision, attention, batch
}

TEST(Plan, TheDefaultPrecisionIsTheDevicesAndSideBySideEachProgramsOwn) {
  PlanOptions options;
  options.suites = {SuiteName::kThroughput};
  options.models = {"da3-small"};
  options.attention = {Attention::kSdpa};
  options.batches = {1};
  options.precisions = {Precision::kFp32, std::nullopt};
  const Plan alone = make_plan(options, facts());
  ASSERT_THAT(alone.groups.front().cases, SizeIs(1));  // fp32 twice would be one case twice
  EXPECT_EQ(alone.groups.front().cases.front().settings.text("precision"), "fp32");
  options.side_by_side = true;
  const Plan both = make_plan(options, facts());
  ASSERT_THAT(both.groups.front().cases, SizeIs(2));
  EXPECT_EQ(both.groups.front().cases.back().settings.text("precision"), "default");
}

TEST(Plan, VariantsThatAreComparedShareAGroup) {
  PlanOptions options;
  options.suites = {SuiteName::kAttention, SuiteName::kBatching};
  options.models = {"da3-small"};
  const Plan plan = make_plan(options, facts());
  EXPECT_THAT(plan.groups.front().cases, SizeIs(2));  // sdpa, manual
  EXPECT_THAT(plan.groups.back().cases, SizeIs(5));   // 1, 2, 4, 8, auto
  EXPECT_EQ(plan.groups.back().cases.back().settings.text("batch"), "auto");
}

TEST(Plan, SkippedSuitesAreLeftOut) {
  PlanOptions options;
  options.skipped_suites = {SuiteName::kThroughput};
  EXPECT_FALSE(suites_of(make_plan(options, facts())).count(SuiteName::kThroughput));
  options.suites = {SuiteName::kThroughput};
  EXPECT_THROW(make_plan(options, facts()), Error);
}

TEST(Plan, EstimatesCountWarmUpsAndRuns) {
  PlanOptions options;
  options.suites = {SuiteName::kLatency};
  options.models = {"da3-small"};
  const Plan plan = make_plan(options, facts(0.5));
  EXPECT_DOUBLE_EQ(plan.estimate_s(), 0.5 * (2 + 5));
  EXPECT_THAT(format_plan(plan), HasSubstr("1 case, about 3.5 s"));
}

TEST(Plan, CountsBelowOneAreRefused) {
  PlanOptions options;
  options.batches = {0};
  EXPECT_THROW(make_plan(options, facts()), Error);
  options.batches = {};
  options.runs = -3;
  EXPECT_THROW(make_plan(options, facts()), Error);
}

TEST(Plan, AccuracyRunsOnceAndFullRunsHaveFiveRounds) {
  const PlanOptions options = with_defaults({});
  EXPECT_EQ(sample_options(options, SuiteName::kAccuracy).runs, 1);
  EXPECT_EQ(sample_options(options, SuiteName::kThroughput).runs, 5);
  EXPECT_EQ(sample_options(options, SuiteName::kThroughput).rounds, 5);
  EXPECT_EQ(sample_options(options, SuiteName::kThroughput).warmups, 2);
}

TEST(Plan, AProcessThatHoldsTheModelNeverRunsBesideAColdStart) {
  PlanOptions options;
  options.suites = {SuiteName::kLoad};
  options.models = {"da3-small"};
  const Plan plan = make_plan(options, facts());
  ASSERT_EQ(plan.groups.size(), 2U);
  ASSERT_EQ(plan.groups[0].cases.size(), 2U);
  EXPECT_EQ(plan.groups[0].cases[0].settings.text("cache"), "cold");
  EXPECT_EQ(plan.groups[0].cases[1].settings.text("cache"), "warm");
  ASSERT_EQ(plan.groups[1].cases.size(), 1U);
  EXPECT_EQ(plan.groups[1].cases[0].settings.text("cache"), "hit");
}

TEST(Plan, ModelsThatOfferNoChoiceOfAttentionRunAsTheyAre) {
  PlanOptions options;
  options.suites = {SuiteName::kThroughput, SuiteName::kAttention, SuiteName::kAccuracy};
  options.models = {"foreign.pt"};
  options.batches = {1};
  PlanFacts known = facts();
  known.offers_attention = [](const std::string&) { return false; };
  const Plan plan = make_plan(options, known);
  ASSERT_EQ(plan.groups.size(), 1U);  // float32 against itself says nothing
  ASSERT_EQ(plan.groups[0].cases.size(), 1U);
  EXPECT_EQ(plan.groups[0].cases[0].settings.text("attention"), "fixed");
  ASSERT_EQ(plan.left_out.size(), 1U);
  EXPECT_EQ(plan.left_out[0].suite, SuiteName::kAttention);
}

TEST(Plan, SideBySideHasMoreRoundsAndCountsBothPrograms) {
  PlanOptions options;
  options.suites = {SuiteName::kThroughput};
  options.models = {"da3-small"};
  options.batches = {1};
  options.attention = {Attention::kSdpa};
  options.side_by_side = true;
  const Plan plan = make_plan(options, facts(0.1));
  EXPECT_EQ(plan.options.rounds, 12);
  EXPECT_EQ(plan.options.runs, 36);
  // Twelve processes of a second each on both sides, with 2 warm-ups and 3 runs of 0.1 s.
  EXPECT_NEAR(plan.estimate_s(), 2 * 12 * (1 + 0.5), 1e-9);
  options.runs = 4;
  EXPECT_EQ(with_defaults(options).rounds, 4);
  options.rounds = 2;
  EXPECT_EQ(sample_options(with_defaults(options), SuiteName::kThroughput).rounds, 2);
}

TEST(Plan, ARoundHasARunAtLeast) {
  PlanOptions options;
  options.rounds = 7;
  EXPECT_EQ(with_defaults(options).runs, 7);
  options.runs = 3;
  EXPECT_THROW(with_defaults(options), Error);
}

TEST(Plan, DatasetsAreCasesOfAccuracy) {
  PlanOptions options;
  options.suites = {SuiteName::kAccuracy};
  options.models = {"da3-small"};
  options.precisions = {Precision::kFp32, Precision::kBf16};
  options.datasets = {"rooms"};
  PlanFacts known = facts();
  known.dataset_photos = [](const std::string& folder) { return folder == "rooms" ? 7 : 0; };
  const Plan plan = make_plan(options, known);
  ASSERT_EQ(plan.groups.size(), 2U);
  // Against float32: fp32 manual, bf16 sdpa and manual. Against measured depth float32 says something too.
  EXPECT_EQ(plan.groups[0].cases.size(), 3U);
  ASSERT_EQ(plan.groups[1].cases.size(), 2U);
  const Fields& settings = plan.groups[1].cases.front().settings;
  EXPECT_EQ(settings.text("dataset"), "rooms");
  EXPECT_EQ(settings.text("precision"), "fp32");
  EXPECT_EQ(settings.number("images"), 7);
  EXPECT_EQ(settings.number("process_res"), 504);
}

}  // namespace
}  // namespace da3::bench
