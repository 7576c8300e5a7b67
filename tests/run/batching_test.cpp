// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <fstream>

#include <run/run_fixture.hpp>

namespace da3::run {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

class Batching : public RunTest {
 protected:
  int largest_batch() const {
    const std::vector<int> batches = model_->batches();
    return *std::max_element(batches.begin(), batches.end());
  }
  void give_appetite(std::uint64_t fixed_mib, std::uint64_t image_mib) {
    model_->memory_ = &memory_;
    model_->appetite_ = [=](int batch, Size) {
      return (fixed_mib + image_mib * static_cast<std::uint64_t>(batch)) * kMiB;
    };
  }
};

TEST_F(Batching, AFixedBatchIsFilledWithPicturesOfOneShape) {
  for (int i = 0; i < 24; ++i) {
    picture("in/" + std::to_string(i) + ".ppm", static_cast<std::uint32_t>(i),
            i % 2 == 0 ? Size{28, 56} : Size{56, 28});
  }
  options_.batch = 4;
  scan_ = Scan::kFirst;
  bool mixed = false;
  model_->on_predict_ = [&](const predict::Request& request) {
    for (const auto& picture : request.pictures) mixed = mixed || picture.size() != request.size.area() * 3;
  };
  EXPECT_EQ(run().done, 24U);
  EXPECT_FALSE(mixed);
  EXPECT_EQ(model_->batches(), std::vector<int>(6, 4));
}

TEST_F(Batching, AFixedBatchIsFullFromTheFirstForwardOn) {
  pictures(48);
  options_.batch = 24;
  scan_ = Scan::kFirst;
  EXPECT_EQ(run().done, 48U);
  EXPECT_EQ(model_->batches(), (std::vector<int>{24, 24}));
}

TEST_F(Batching, DepthDependsOnNeitherBatchNorThreadsNorNeighbours) {
  for (int i = 0; i < 40; ++i) {
    picture("in/" + std::to_string(i) + ".ppm", static_cast<std::uint32_t>(i * 50), {14 + 14 * (i % 3), 56});
  }
  for (const int batch : {1, 2, 5, 8}) {
    for (const int threads : {1, 3}) {
      options_.overwrite = true;
      options_.batch = batch;
      options_.decode_threads = threads;
      ASSERT_EQ(run().done, 40U);
      for (int i = 0; i < 40; ++i) {
        expect_depth(std::to_string(i) + ".npy", static_cast<std::uint32_t>(i * 50),
                     static_cast<std::size_t>((14 + 14 * (i % 3)) * 56));
      }
    }
  }
}

TEST_F(Batching, OneThreadRunsForwardsOnACpuAndConcurrencyOnAnAccelerator) {
  pictures(40);
  run();
  EXPECT_EQ(model_->num_threads(), 1U);
  model_ = std::make_shared<testing::FakeModel>();
  model_->device_ = {DeviceKind::kCuda, 0};
  model_->concurrency_ = 2;
  options_.overwrite = true;
  EXPECT_EQ(run().done, 40U);
  EXPECT_LE(model_->num_threads(), 2U);
}

TEST_F(Batching, WhatIsUnderWayStaysWithinTheWindow) {
  for (int i = 0; i < 120; ++i) {
    picture("in/" + std::to_string(i) + ".ppm", static_cast<std::uint32_t>(i),
            {14 + 14 * (i % 4), 14 + 14 * (i % 3)});
  }
  options_.window_images = 7;
  options_.batch = 5;
  for (const DeviceKind kind : {DeviceKind::kCpu, DeviceKind::kCuda}) {
    model_->device_.kind = kind;
    options_.overwrite = true;
    const Summary summary = run();
    EXPECT_EQ(summary.done, 120U);
    EXPECT_LE(summary.largest_in_flight, 7U);
    EXPECT_GT(summary.largest_in_flight, 1U);
  }
}

TEST_F(Batching, WhatIsHeldStaysWithinTheBytes) {
  pictures(60, {112, 224});
  options_.window_images = 50;
  // A picture of 25,088 pixels needs 276 kB to decode and 401 kB to finish: room for about two.
  options_.window_bytes = 900'000;
  options_.decode_threads = 4;
  for (const DeviceKind kind : {DeviceKind::kCpu, DeviceKind::kCuda}) {
    model_->device_.kind = kind;
    options_.overwrite = true;
    const Summary summary = run();
    EXPECT_EQ(summary.done, 60U);
    EXPECT_LE(summary.largest_held_bytes, 900'000U);
  }
}

TEST_F(Batching, APictureLargerThanTheBytesGoesAlone) {
  pictures(6, {112, 224});
  options_.window_bytes = 1;
  EXPECT_EQ(run().done, 6U);
  EXPECT_EQ(results().size(), 6U);
}

TEST_F(Batching, OutOfMemoryHalvesTheBatchAndLosesNothing) {
  pictures(32);
  give_appetite(10, 100);
  memory_.set_free(550 * kMiB);  // 10 + 100 B: five fit
  options_.batch = 8;
  scan_ = Scan::kFirst;
  EXPECT_EQ(run().done, 32U);
  const std::vector<int> batches = model_->batches();
  EXPECT_EQ(std::count(batches.begin(), batches.end(), 8), 1) << "the limit is remembered";
  for (int i = 0; i < 32; ++i)
    expect_depth(std::to_string(i) + ".npy", static_cast<std::uint32_t>(i), 28 * 56);
  ASSERT_FALSE(notes_.empty());
  EXPECT_TRUE(notes_[0].warning);
  EXPECT_NE(notes_[0].text.find("memory ran out"), std::string::npos);
}

TEST_F(Batching, OutOfMemoryAtOneFailsThatImageAlone) {
  pictures(5);
  model_->fail_calls_[3] = ErrorCode::kOutOfMemory;
  options_.batch = 1;
  const Summary summary = run();
  EXPECT_EQ(summary.done, 4U);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(failures().begin()->second, "memory.exhausted");
}

TEST_F(Batching, AFailureInTheNthCallIsRecovered) {
  scan_ = Scan::kFirst;
  for (const int call : {1, 2, 3}) {
    pictures(16);
    model_ = std::make_shared<testing::FakeModel>();
    model_->fail_calls_[call] = ErrorCode::kOutOfMemory;
    options_.batch = 4;
    options_.overwrite = true;
    EXPECT_EQ(run().done, 16U) << "call " << call;
    std::vector<int> batches = model_->batches();
    ASSERT_GT(batches.size(), static_cast<std::size_t>(call));
    EXPECT_EQ(batches[static_cast<std::size_t>(call) - 1], 4) << "call " << call;
    EXPECT_EQ(batches[static_cast<std::size_t>(call)], 2) << "call " << call;
  }
}

TEST_F(Batching, MeasuredBatchesObeyTheMemoryFraction) {
  pictures(150);
  give_appetite(10, 100);
  memory_.set_free(2000 * kMiB);
  options_.memory_fraction = 0.25;
  model_->delay_ = std::chrono::milliseconds(2);  // A cost of the forward, not of the image: batches pay
  const Summary summary = run();
  EXPECT_EQ(summary.done, 150U);
  EXPECT_LE(largest_batch(), 4);  // 10 + 100 * 4 <= 500
  EXPECT_GT(largest_batch(), 1);
  ASSERT_EQ(summary.shapes.size(), 1U);
  EXPECT_EQ(summary.shapes[0].measured_bytes,
            (10 + 100 * static_cast<std::uint64_t>(largest_batch())) * kMiB);
  ASSERT_TRUE(summary.shapes[0].predicted_bytes);
  EXPECT_GE(*summary.shapes[0].predicted_bytes, *summary.shapes[0].measured_bytes);
}

TEST_F(Batching, ASuddenLossOfMemoryIsSurvived) {
  pictures(150);
  give_appetite(10, 100);
  memory_.set_free(8000 * kMiB);
  model_->delay_ = std::chrono::milliseconds(2);
  on_image_ = [&](const ImageEvent&) {
    if (events_.size() == 70) memory_.set_free(150 * kMiB);
  };
  EXPECT_EQ(run().done, 150U);
  EXPECT_EQ(model_->batches().back(), 1);
}

TEST_F(Batching, APictureBeyondTheFreeMemoryFailsAloneBeforeItIsDecoded) {
  pictures(3);
  folder_.write("in/a.webp", testing::webp_of_one_colour({10'000, 10'000}));
  memory_.set_free(300 * kMiB);
  const Summary summary = run();
  EXPECT_EQ(summary.done, 3U);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(failures().at("a.webp"), "image.too_large");
  for (const ImageEvent& event : events_) {
    if (event.error) {
      EXPECT_NE(event.message.find("needs 1,168,750,"), std::string::npos) << event.message;
      EXPECT_NE(event.message.find("314,572,800 are free"), std::string::npos) << event.message;
    }
  }
}

TEST_F(Batching, LearnedBatchesAreKeptForTheNextRun) {
  pictures(80);
  give_appetite(10, 10);
  model_->delay_ = std::chrono::milliseconds(2);
  options_.learned_batches = path("cache/batches.txt");
  run();
  ASSERT_GT(largest_batch(), 1);
  ASSERT_TRUE(std::filesystem::exists(options_.learned_batches));
  const auto again = std::make_shared<testing::FakeModel>();
  again->appetite_ = model_->appetite_;
  again->delay_ = model_->delay_;
  model_ = again;
  options_.overwrite = true;
  run();
  EXPECT_GT(model_->batches().front(), 1) << "no measuring from 1 again";
  const Plan planned = plan(options_, model_->spec_, {}, Precision::kFp32, Attention::kSdpa, memory_);
  ASSERT_EQ(planned.shapes.size(), 1U);
  EXPECT_GT(planned.shapes[0].batch, 1);
  EXPECT_TRUE(planned.shapes[0].predicted_bytes.has_value());
}

TEST_F(Batching, OnePictureThatTheModelRefusesDoesNotFailItsNeighbours) {
  pictures(12);
  picture("in/bad.ppm", 0xAB);
  model_->poison_ = 0xAB;
  options_.batch = 5;
  const Summary summary = run();
  EXPECT_EQ(summary.done, 12U);
  EXPECT_EQ(failures(), (std::map<std::string, std::string>{{"bad.ppm", "prediction.invalid"}}));
}

}  // namespace
}  // namespace da3::run
