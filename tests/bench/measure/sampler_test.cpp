// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bench/measure/fake_clock.hpp>
#include <bench/measure/sampler.hpp>

namespace da3::bench {
namespace {

using testing::ElementsAre;

class SamplerTest : public testing::Test {
 protected:
  Variant variant(const std::string& name, double ms) {
    return {name,
            {.prepare = {},
             .steps = {{"forward_ms",
                        [this, name, ms] {
                          order_ += name;
                          clock_.advance_ms(ms);
                          return Parts{};
                        }}},
             .total_metric = {},
             .synchronize = {},
             .release = {}}};
  }

  FakeClock clock_;
  std::string order_;
};

TEST_F(SamplerTest, SpreadsRunsOverRounds) {
  EXPECT_THAT(runs_per_round(5, 3), ElementsAre(2, 2, 1));
  EXPECT_THAT(runs_per_round(3, 3), ElementsAre(1, 1, 1));
  EXPECT_THAT(runs_per_round(1, 3), ElementsAre(1, 1, 1));
  EXPECT_THAT(runs_per_round(8, 1), ElementsAre(8));
}

TEST_F(SamplerTest, InterleavesVariantsAndTurnsTheOrderRound) {
  Sampler sampler({variant("A", 1), variant("B", 2)}, {.warmups = 2, .rounds = 3, .runs = 5}, clock_);
  sampler.run();
  EXPECT_EQ(order_,
            "AABB"
            "ABAB"
            "BABA"
            "AB");
}

TEST_F(SamplerTest, TimesEachRunAndKeepsTheFirstApart) {
  int runs = 0;
  const Step step{"forward_ms", [&] {
                    clock_.advance_ms(++runs == 1 ? 100 : 10);
                    return Parts{};
                  }};
  Sampler sampler({{"A", {{}, {step}, {}, {}, {}}}}, {.warmups = 2, .rounds = 3, .runs = 5}, clock_);
  sampler.run();
  const Samples& samples = sampler.samples().front();
  EXPECT_EQ(samples.first.at("forward_ms"), 100.0);
  EXPECT_THAT(samples.rounds.at("forward_ms"),
              ElementsAre(ElementsAre(10, 10), ElementsAre(10, 10), ElementsAre(10)));
  EXPECT_EQ(runs, 7);
}

TEST_F(SamplerTest, WhatARunHeldIsReleasedAfterItAndNotTimed) {
  bool held = false;
  int runs = 0;
  const auto work = [&] {
    EXPECT_FALSE(held);
    held = true;
    clock_.advance_ms(1);
    if (++runs == 4) throw std::runtime_error("broken");
    return Parts{};
  };
  Workload workload{.prepare = {},
                    .steps = {{"a_ms", work}},
                    .total_metric = "total_ms",
                    .synchronize = {},
                    .release = [&] {
                      clock_.advance_ms(500);
                      held = false;
                    }};
  Sampler sampler({{"A", workload}}, {.warmups = 1, .rounds = 3, .runs = 3}, clock_);
  sampler.run();
  EXPECT_EQ(sampler.samples().front().failure, "broken");
  EXPECT_FALSE(held);
  EXPECT_THAT(sampler.samples().front().rounds.at("total_ms"), ElementsAre(ElementsAre(1), ElementsAre(1)));
}

TEST_F(SamplerTest, PreparationIsNotTimedAndSynchronisationIs) {
  Workload workload{.prepare = [&] { clock_.advance_ms(500); },
                    .steps = {{"a_ms",
                               [&] {
                                 clock_.advance_ms(1);
                                 return Parts{{"inner_ms", 0.5}};
                               }},
                              {"b_ms",
                               [&] {
                                 clock_.advance_ms(2);
                                 return Parts{};
                               }}},
                    .total_metric = "total_ms",
                    .synchronize = [&] { clock_.advance_ms(10); }};
  Sampler sampler({{"A", workload}}, {.warmups = 0, .rounds = 1, .runs = 1}, clock_);
  sampler.run();
  const auto& rounds = sampler.samples().front().rounds;
  EXPECT_EQ(rounds.at("a_ms")[0][0], 11.0);
  EXPECT_EQ(rounds.at("b_ms")[0][0], 12.0);
  EXPECT_EQ(rounds.at("total_ms")[0][0], 23.0);
  EXPECT_EQ(rounds.at("inner_ms")[0][0], 0.5);
  EXPECT_TRUE(sampler.samples().front().first.empty());
}

TEST_F(SamplerTest, CalibratesBesideEveryRound) {
  int calls = 0;
  SamplerHooks hooks;
  hooks.calibrate = [&] { return std::map<std::string, double>{{"fp32_gflops", 100.0 + calls++}}; };
  Sampler sampler({variant("A", 1)}, {.warmups = 1, .rounds = 3, .runs = 3}, clock_, hooks);
  sampler.run();
  EXPECT_THAT(sampler.calibrations().at("fp32_gflops"), ElementsAre(100, 101, 102));
}

TEST_F(SamplerTest, GoesOnUntilEveryVariantWasTimedLongEnough) {
  Sampler sampler({variant("A", 10), variant("B", 50)},
                  {.warmups = 0, .rounds = 3, .runs = 3, .min_time = std::chrono::milliseconds(100)}, clock_);
  sampler.run();
  EXPECT_EQ(sampler.samples()[0].rounds.at("forward_ms").size(), 10U);
}

TEST_F(SamplerTest, OneVariantThatFailsLeavesTheOthersAlone) {
  int runs = 0;
  Variant bad{"X",
              {{},
               {{"forward_ms",
                 [&]() -> Parts {
                   if (++runs == 2) throw std::runtime_error("out of memory");
                   clock_.advance_ms(1);
                   return {};
                 }}},
               {},
               {}}};
  Sampler sampler({bad, variant("B", 2)}, {.warmups = 1, .rounds = 3, .runs = 3}, clock_);
  sampler.run();
  EXPECT_EQ(sampler.samples()[0].failure, "out of memory");
  EXPECT_EQ(runs, 2);
  EXPECT_FALSE(sampler.samples()[1].failure);
  EXPECT_EQ(sampler.samples()[1].rounds.at("forward_ms").size(), 3U);
}

TEST_F(SamplerTest, InterruptKeepsWhatWasMeasured) {
  SamplerHooks hooks;
  hooks.interrupted = [&] { return order_.size() >= 3; };
  Sampler sampler({variant("A", 1)}, {.warmups = 1, .rounds = 5, .runs = 5}, clock_, hooks);
  sampler.run();
  EXPECT_TRUE(sampler.was_interrupted());
  EXPECT_EQ(sampler.samples()[0].rounds.at("forward_ms").size(), 2U);
}

TEST_F(SamplerTest, SlowdownStretchesTimedStepsByItsFactor) {
  clock_.tick_with_every_look(std::chrono::microseconds(1));
  Sampler sampler({variant("A", 100)}, {.warmups = 0, .rounds = 1, .runs = 1, .slowdown = 1.1}, clock_);
  sampler.run();
  EXPECT_NEAR(sampler.samples()[0].rounds.at("forward_ms")[0][0], 110.0, 0.1);
}

// Says how much was "resident" since the last restart.
class FakePeakMemory final : public PeakMemory {
 public:
  bool restart() override {
    highest = 0;
    return works;
  }
  std::optional<std::uint64_t> bytes() override { return highest; }
  void use(std::uint64_t bytes) { highest = std::max(highest, bytes); }
  bool works = true;
  std::uint64_t highest = 0;
};

Variant using_memory(FakePeakMemory& memory, std::uint64_t bytes) {
  Workload workload;
  workload.steps = {{"forward_ms", [&memory, bytes] {
                       memory.use(bytes);
                       return Parts{};
                     }}};
  return {"", workload};
}

TEST(Sampler, PeaksOfMemoryAreThoseOfEachVariant) {
  for (const int warmups : {0, 2}) {
    FakeClock clock;
    FakePeakMemory memory;
    SamplerHooks hooks;
    hooks.memory = &memory;
    Sampler sampler({using_memory(memory, 800), using_memory(memory, 100)},
                    {.warmups = warmups, .rounds = 3, .runs = 3}, clock, hooks);
    sampler.run();
    EXPECT_EQ(sampler.samples()[0].peak_rss_bytes, 800U);
    EXPECT_EQ(sampler.samples()[1].peak_rss_bytes, 100U);
  }
}

TEST(Sampler, APeakThatCannotBeBegunAnewIsNone) {
  FakeClock clock;
  FakePeakMemory memory;
  memory.works = false;
  SamplerHooks hooks;
  hooks.memory = &memory;
  Sampler sampler({using_memory(memory, 800)}, {.warmups = 1, .rounds = 1, .runs = 1}, clock, hooks);
  sampler.run();
  EXPECT_EQ(sampler.samples()[0].peak_rss_bytes, std::nullopt);
}

}  // namespace
}  // namespace da3::bench
