// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <run/held_bytes.hpp>
#include <run/schedule.hpp>

namespace da3::run {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

Limits overlapping() {
  return {.host_threads = 2, .alternate = false, .images = 8, .bytes = 100};
}

Limits alternating() {
  Limits limits = overlapping();
  limits.alternate = true;
  return limits;
}

TEST(Schedule, NothingUnderWayTakesAnInputAsSoonAsOneIsFound) {
  Load load;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kNone);
  load.found = true;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kTake);
  EXPECT_EQ(next_forward_step(load, overlapping()), ForwardStep::kWait);
}

TEST(Schedule, FinishingComesFirstThenPreparingThenTaking) {
  Load load;
  load.found = true;
  load.inspected = load.predicted = 1;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kFinish);
  load.predicted = 0;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kPrepare);
  load.inspected = 0;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kTake);
}

TEST(Schedule, EveryPlaceOfAnInputCountsTowardsTheWindow) {
  Limits limits = overlapping();
  limits.images = 1;
  for (std::size_t Load::* place : {&Load::inspecting, &Load::preparing, &Load::ready, &Load::forwarding,
                                    &Load::finishing, &Load::ended}) {
    Load load;
    load.found = true;
    load.*place = 1;
    EXPECT_EQ(load.under_way(), 1U);
    EXPECT_EQ(next_host_step(load, limits), HostStep::kNone);
    limits.images = 2;
    EXPECT_EQ(next_host_step(load, limits), HostStep::kTake);
    limits.images = 1;
  }
}

TEST(Schedule, NoInputIsTakenWhileAnotherWaitsForMemory) {
  Load load;
  load.found = true;
  load.inspected = load.preparing = 1;
  load.next_inspected = {.decoding = 60, .finishing = 50};
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kNone);
  load.next_inspected.finishing = 40;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kPrepare);
}

TEST(Schedule, PreparingLeavesRoomToFinishTheLargest) {
  Load load;
  load.inspected = load.ready = 1;
  load.next_inspected = {.decoding = 30, .finishing = 10};
  load.held_bytes = 20;
  load.largest_finishing = 50;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kPrepare) << "20 + 30 + 50 are 100";
  load.largest_finishing = 51;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kNone);
}

TEST(Schedule, WhatAnInspectedInputHoldsCountsOnce) {
  Load load;
  load.inspected = load.ready = 1;
  load.next_inspected = {.decoding = 90};
  load.held_bytes = 20;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kNone);
  load.next_inspected_bytes = 10;  // Of the 20 that are held and of the 90 that it takes
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kPrepare);
}

TEST(Schedule, AnInputBeyondTheBytesGoesAlone) {
  Load load;
  load.inspected = 1;
  load.next_inspected = {.decoding = 1000, .waiting = 1000, .finishing = 1000};
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kPrepare);
  for (std::size_t Load::* place :
       {&Load::inspecting, &Load::preparing, &Load::ready, &Load::forwarding, &Load::finishing}) {
    load.*place = 1;
    EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kNone);
    load.*place = 0;
  }
}

TEST(Schedule, FinishingBeyondTheBytesGoesOnWhenNoOtherHostThreadWorks) {
  Load load;
  load.predicted = 1;
  load.ready = load.forwarding = 3;
  load.next_predicted = {.finishing = 1000};
  load.held_bytes = 90;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kFinish) << "it frees memory";
  load.preparing = 1;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kNone);
  load.next_predicted.finishing = 10;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kFinish);
}

TEST(Schedule, StoppingFinishesWhatIsPredictedAndBeginsNothing) {
  Load load;
  load.stopping = load.found = load.full_batch = true;
  load.inspected = load.ready = 2;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kNone);
  EXPECT_EQ(next_forward_step(load, overlapping()), ForwardStep::kWait);
  load.predicted = 1;
  EXPECT_EQ(next_host_step(load, overlapping()), HostStep::kFinish);
}

TEST(Schedule, OverlappingAPartialBatchWaitsWhileMoreCanBePrepared) {
  Load load;
  load.ready = 1;
  load.found = true;
  EXPECT_EQ(next_forward_step(load, overlapping()), ForwardStep::kWait);
  load.full_batch = true;
  EXPECT_EQ(next_forward_step(load, overlapping()), ForwardStep::kForward);
  load.full_batch = load.found = false;
  EXPECT_EQ(next_forward_step(load, overlapping()), ForwardStep::kForward);
  load.preparing = 1;
  EXPECT_EQ(next_forward_step(load, overlapping()), ForwardStep::kWait);
  load.preparing = 0;
  load.finishing = 1;
  EXPECT_EQ(next_forward_step(load, overlapping()), ForwardStep::kForward) << "finishing adds none";
}

TEST(Schedule, AlternatingATurnBeginsWhenTheHostCanDoNothingMore) {
  Load load;
  load.ready = 1;
  load.full_batch = true;
  load.found = true;
  EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kWait);
  load.found = false;
  EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kForward);
  for (std::size_t Load::* work : {&Load::inspecting, &Load::preparing, &Load::finishing}) {
    load.*work = 1;
    EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kWait);
    load.*work = 0;
  }
}

TEST(Schedule, AlternatingTheHostRestsDuringATurn) {
  Load load;
  load.found = load.forwards_turn = true;
  load.predicted = load.inspected = 1;
  EXPECT_EQ(next_host_step(load, alternating()), HostStep::kNone);
}

TEST(Schedule, ATurnGoesOnWithFullBatchesOrIfMuchWouldWait) {
  Load load;
  load.forwards_turn = true;
  load.ready = 4;  // Half of the window of 8
  EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kEndTurn);
  load.ready = 5;
  EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kForward);
  load.ready = 1;
  load.full_batch = true;
  EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kForward);
  load.ready = 0;
  load.full_batch = false;
  EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kEndTurn);
}

TEST(Schedule, ALongTurnEndsOnceEveryHostThreadHasResultsToWrite) {
  Load load;
  load.forwards_turn = load.full_batch = true;
  load.ready = 5;
  load.turn_s = 1;
  load.predicted = 1;
  EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kForward);
  load.predicted = 2;
  EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kEndTurn);
  load.turn_s = 0.9;
  EXPECT_EQ(next_forward_step(load, alternating()), ForwardStep::kForward);
}

TEST(Schedule, TheWindowHoldsBatchesOfSeveralShapesAndWorkForEveryThread) {
  Limits limits = overlapping();
  limits.images = 0;
  Load load;
  EXPECT_EQ(window(load, limits), 8U);  // 4 a thread
  load.largest_batch = 16;
  EXPECT_EQ(window(load, limits), 64U);  // 4 batches
  load.largest_batch = 100;
  EXPECT_EQ(window(load, limits), 256U);
  load.largest_batch = 300;
  EXPECT_EQ(window(load, limits), 300U) << "a batch that the user asks for is filled";
}

TEST(Schedule, MemoryIsLookedAtForALargePictureAlone) {
  Load load;
  load.inspected = 1;
  const Need large{.decoding = 100 * kMiB};
  EXPECT_TRUE(is_worth_a_look_at_memory(load, large));
  EXPECT_FALSE(is_worth_a_look_at_memory(load, {.decoding = 60 * kMiB}));
  load.ready = 1;
  EXPECT_FALSE(is_worth_a_look_at_memory(load, large));
}

TEST(Schedule, APictureNeedsItsHighestStageAndASixteenthMore) {
  EXPECT_EQ((Need{.decoding = 1600, .waiting = 100, .finishing = 200}).peak(), 1700U);
  EXPECT_EQ((Need{.decoding = 160, .waiting = 1000, .finishing = 600}).peak(), 1700U);
}

/// Whatever is under way, something can go on: otherwise a run would hang.
TEST(Schedule, NeverRests) {
  for (const Limits& limits : {overlapping(), alternating()}) {
    for (unsigned bits = 0; bits < 128; ++bits) {
      for (const std::uint64_t held : {std::uint64_t{0}, std::uint64_t{1000}}) {
        Load load;
        load.found = (bits & 1) != 0;
        load.inspected = (bits & 2) != 0 ? 1 : 0;
        load.ready = (bits & 4) != 0 ? 1 : 0;
        load.predicted = (bits & 8) != 0 ? 1 : 0;
        load.full_batch = load.ready > 0 && (bits & 16) != 0;
        load.forwards_turn = limits.alternate && (bits & 32) != 0;
        load.next_inspected = load.next_predicted = {.decoding = 1000, .waiting = 1000, .finishing = 1000};
        load.held_bytes = (bits & 64) != 0 ? held : 0;
        if (!load.found && load.under_way() == 0 && !load.forwards_turn) continue;
        EXPECT_TRUE(next_host_step(load, limits) != HostStep::kNone ||
                    next_forward_step(load, limits) != ForwardStep::kWait)
            << "case " << bits;
      }
    }
  }
}

TEST(HeldBytes, CountsWhatIsHeldAndGivesItBackAtTheEnd) {
  HeldBytes held;
  {
    HeldBytes::Share first = held.share();
    first.hold(10);
    first.hold(4);
    HeldBytes::Share second = held.share();
    second.hold(7);
    EXPECT_EQ(held.now(), 11U);
    const HeldBytes::Share moved = std::move(first);
    EXPECT_EQ(moved.bytes(), 4U);
    EXPECT_EQ(held.now(), 11U) << "moving changes nothing";
    second.hold(0);
    EXPECT_EQ(held.now(), 4U);
  }
  EXPECT_EQ(held.now(), 0U);
  EXPECT_EQ(held.most_so_far(), 11U);
}

TEST(HeldBytes, KnowsTheLargestThatIsStillToBeFinished) {
  HeldBytes held;
  EXPECT_EQ(held.largest_finishing(), 0U);
  HeldBytes::Share small = held.share();
  small.will_finish_with(5);
  {
    HeldBytes::Share large = held.share();
    large.will_finish_with(9);
    EXPECT_EQ(held.largest_finishing(), 9U);
  }
  EXPECT_EQ(held.largest_finishing(), 5U);
}

}  // namespace
}  // namespace da3::run
