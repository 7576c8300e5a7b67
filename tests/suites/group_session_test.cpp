// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <suites/fake_context.hpp>
#include <suites/group_session.hpp>
#include <suites/worker_backend.hpp>

namespace da3::suites {
namespace {

using bench::CaseStatus;
using bench::Fields;
using bench::SuiteName;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

Fields model_settings(const std::string& precision = "fp32", const std::string& attention = "sdpa",
                      const std::string& device = "cpu") {
  return {{"model", "da3-small"},       {"weights", "synthetic"},    {"device", device},
          {"precision", precision},     {"attention", attention},    {"height", std::int64_t{280}},
          {"width", std::int64_t{504}}, {"threads", std::int64_t{2}}};
}

Fields with(Fields fields, const std::string& name, bench::FieldValue value) {
  fields.set(name, std::move(value));
  return fields;
}

bench::PlannedGroup group_of(SuiteName suite, std::vector<Fields> settings) {
  bench::PlannedGroup group{suite, {}};
  for (Fields& each : settings) group.cases.push_back({suite, std::move(each), 0});
  return group;
}

bench::SampleOptions options() {
  return {.warmups = 2, .rounds = 3, .runs = 3};
}

TEST(Throughput, DerivesRatesFromForwards) {
  FakeMachine machine;
  const auto results =
      measure_group(group_of(SuiteName::kThroughput, {with(model_settings(), "batch", std::int64_t{1}),
                                                      with(model_settings(), "batch", std::int64_t{4})}),
                    machine.context, options());
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_THAT(machine.models, SizeIs(1));  // loaded once
  EXPECT_EQ(results[0].number("forward_ms"), 15.0);
  EXPECT_EQ(results[1].number("forward_ms"), 45.0);
  EXPECT_NEAR(*results[1].number("images_per_s"), 4000.0 / 45, 1e-9);
  // 52 GFLOP an image in 15 ms against 100 GFLOP/s.
  EXPECT_NEAR(*results[0].number("flops") * 1e-9, 52.0, 0.05);
  EXPECT_NEAR(*results[0].number("efficiency"), *results[0].number("flops") / 0.015 / 1e11, 1e-9);
  EXPECT_EQ(results[1].number("peak_tensor_bytes"), 4000);
  EXPECT_EQ(results[0].facts.number("tokens"), 721);
  EXPECT_EQ(results[0].facts.text("precision_used"), "fp32");
  EXPECT_EQ(results[0].calibration.at("fp32_gflops"), 100.0);
  EXPECT_EQ(machine.models.front()->synchronized, 2 * 2 * 5);  // before and after each run
}

TEST(Throughput, ForwardsOfVariantsAlternate) {
  FakeMachine machine;
  measure_group(group_of(SuiteName::kThroughput, {with(model_settings(), "batch", std::int64_t{1}),
                                                  with(model_settings(), "batch", std::int64_t{2})}),
                machine.context, options());
  EXPECT_THAT(machine.models.front()->batches, ElementsAre(1, 1, 2, 2, 1, 2, 2, 1, 1, 2));
}

TEST(Throughput, WhatThisMachineLacksIsSkippedAndWhatBreaksFails) {
  FakeMachine machine;
  machine.largest_batch = 4;
  const auto results =
      measure_group(group_of(SuiteName::kThroughput,
                             {with(model_settings("fp32", "sdpa", "cuda:0"), "batch", std::int64_t{1}),
                              with(model_settings("fp16"), "batch", std::int64_t{1}),
                              with(model_settings(), "batch", std::int64_t{8}),
                              with(model_settings(), "batch", std::int64_t{1})}),
                    machine.context, options());
  EXPECT_EQ(results[0].status, CaseStatus::kSkipped);
  EXPECT_EQ(results[0].reason, "there is no such device");
  EXPECT_EQ(results[1].status, CaseStatus::kFailed);
  EXPECT_EQ(results[2].status, CaseStatus::kFailed);
  EXPECT_EQ(results[2].reason, "a batch is too large");
  EXPECT_EQ(results[3].status, CaseStatus::kDone);
  // Every metric of the suite is there, with a reason where it has no value.
  const bench::Metric* metric = results[0].find("forward_ms");
  ASSERT_NE(metric, nullptr);
  EXPECT_EQ(std::get<bench::Missing>(metric->value).reason, "there is no such device");
}

TEST(Attention, TimesCoreAndLayerWithTheModelsHeads) {
  FakeMachine machine;
  Fields sdpa{{"model", "da3-base"},          {"device", "cpu"},
              {"precision", "fp32"},          {"attention", "sdpa"},
              {"tokens", std::int64_t{1370}}, {"threads", std::int64_t{2}}};
  const auto results =
      measure_group(group_of(SuiteName::kAttention, {sdpa, with(sdpa, "attention", std::string("manual"))}),
                    machine.context, options());
  ASSERT_THAT(machine.shapes, SizeIs(2));
  EXPECT_EQ(machine.shapes.front().heads, 12);
  EXPECT_EQ(machine.shapes.front().head_dim, 64);
  EXPECT_EQ(machine.shapes.front().tokens, 1370);
  EXPECT_EQ(results[0].number("core_ms"), 2.0);
  EXPECT_EQ(results[1].number("layer_ms"), 7.0);
  EXPECT_EQ(results[1].number("peak_bytes"), 900);
  EXPECT_EQ(results[0].facts.text("backend"), "flash");
  EXPECT_NEAR(*results[0].number("core_gflops"), 4.0 * 1370 * 1370 * 768 / 2e-3 * 1e-9, 1e-6);
}

TEST(Batching, FixedSizesAndAutoCoverAllImages) {
  FakeMachine machine;
  Fields fixed = model_settings();
  fixed.set("images_shape", std::string("mixed"));
  fixed.set("images", std::int64_t{8});
  fixed.set("process_res", std::int64_t{280});
  fixed.set("batch", std::int64_t{4});
  const auto results =
      measure_group(group_of(SuiteName::kBatching, {fixed, with(fixed, "batch", std::string("auto"))}),
                    machine.context, {.warmups = 1, .rounds = 3, .runs = 3});
  // Three shapes of 3, 3 and 2 images.
  EXPECT_EQ(results[0].facts.text("batches"), "2x1 3x2");
  EXPECT_EQ(results[0].number("forwards"), 3.0);
  EXPECT_EQ(results[0].number("total_ms"), 3 * 5.0 + 8 * 10.0);
  EXPECT_EQ(results[0].number("peak_bytes"), 3000);
  EXPECT_EQ(results[1].status, CaseStatus::kDone);
  EXPECT_GT(*results[1].number("images_per_s"), 0);
}

TEST(Batching, AutoLearnsFromPassToPass) {
  FakeMachine machine;
  Fields automatic = model_settings();
  automatic.set("images_shape", std::string("uniform"));
  automatic.set("images", std::int64_t{16});
  automatic.set("process_res", std::int64_t{280});
  automatic.set("batch", std::string("auto"));
  const auto results = measure_group(group_of(SuiteName::kBatching, {automatic}), machine.context,
                                     {.warmups = 2, .rounds = 5, .runs = 5});
  const bench::Distribution* total = results[0].distribution("total_ms");
  ASSERT_NE(total, nullptr);
  EXPECT_LT(*results[0].number("total_ms"), *total->first);  // the first pass began at single images
}

TEST(Accuracy, ComparesWithFloat32) {
  FakeMachine machine;
  const auto results = measure_group(
      group_of(SuiteName::kAccuracy, {model_settings("bf16"), model_settings("fp32", "manual")}),
      machine.context, {.warmups = 0, .rounds = 1, .runs = 1});
  EXPECT_NEAR(*results[0].number("abs_rel"), 0.01, 1e-6);
  EXPECT_NEAR(*results[0].number("max_rel"), 0.01, 1e-6);
  EXPECT_EQ(results[0].number("delta1"), 1.0);
  EXPECT_NEAR(*results[1].number("abs_rel"), 0.001, 1e-6);
}

TEST(Soak, SteadyForwardsHaveNoSlope) {
  FakeMachine machine;
  Fields settings = model_settings();
  settings.set("images", std::int64_t{200});
  settings.set("process_res", std::int64_t{56});
  const auto results = measure_group(group_of(SuiteName::kSoak, {settings}), machine.context,
                                     {.warmups = 0, .rounds = 1, .runs = 1});
  EXPECT_EQ(results[0].status, CaseStatus::kDone);
  EXPECT_EQ(results[0].number("total_ms"), 200 * 15.0);
  EXPECT_TRUE(results[0].number("latency_slope_per_1000"));
}

TEST(Interrupt, LeavesTheGroupOut) {
  FakeMachine machine;
  EXPECT_THROW(
      measure_group(group_of(SuiteName::kThroughput, {with(model_settings(), "batch", std::int64_t{1})}),
                    machine.context, options(), [&] { return machine.clock.now().count() > 20'000'000; }),
      Error);
}

TEST(SuiteWorker, GivesOneRoundAtATime) {
  FakeMachine machine;
  SuiteWorker worker(machine.context);
  EXPECT_THROW(worker.round(1), Error);
  const auto cases =
      worker.open(group_of(SuiteName::kThroughput,
                           {with(model_settings(), "batch", std::int64_t{1}),
                            with(model_settings("fp32", "sdpa", "mps"), "batch", std::int64_t{1})}),
                  2);
  EXPECT_FALSE(cases[0].failure);
  EXPECT_THAT(*cases[1].failure, HasSubstr("no such device"));
  for (int i = 0; i < 3; ++i) {
    const bench::WorkerRound round = worker.round(2);
    EXPECT_THAT(round.cases[0].at("forward_ms"), ElementsAre(15, 15));
    EXPECT_TRUE(round.failures[1]);
    EXPECT_EQ(round.calibration.at("fp32_gflops"), 100.0);
  }
}

TEST(SuiteWorker, TheDefaultPrecisionIsTheModelsChoice) {
  FakeMachine machine;
  SuiteWorker worker(machine.context);
  const auto cases =
      worker.open(group_of(SuiteName::kThroughput,
                           {with(model_settings(bench::kDefaultPrecision), "batch", std::int64_t{1})}),
                  1);
  ASSERT_FALSE(cases[0].failure) << *cases[0].failure;
  EXPECT_EQ(cases[0].facts.text("precision_used"), "fp32");
}

TEST(SuiteWorker, KeepsALoadedModel) {
  FakeMachine machine;
  SuiteWorker worker(machine.context);
  EXPECT_THROW(worker.predict(), Error);
  worker.load(with(model_settings(), "cache", std::string("cold")));
  worker.load(with(model_settings(), "cache", std::string("hit")));
  worker.predict();
  EXPECT_THAT(machine.models, SizeIs(1));
}

}  // namespace
}  // namespace da3::suites
