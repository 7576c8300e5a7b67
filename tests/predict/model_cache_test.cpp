// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <predict/model_cache.hpp>

#include <testing/fake_model.hpp>

namespace da3::predict {
namespace {

ModelKey key_of(int identity) {
  return {std::to_string(identity), {}, Precision::kFp32, Attention::kSdpa};
}

ModelCache::Loader loader(std::uint64_t bytes, std::atomic<int>* loads = nullptr) {
  return [=] {
    if (loads != nullptr) ++*loads;
    return LoadedModel{std::make_shared<testing::FakeModel>(), bytes};
  };
}

TEST(ModelCache, GivesTheSameModelForTheSameKey) {
  ModelCache cache(100);
  const auto first = cache.get(key_of(1), loader(10));
  EXPECT_EQ(cache.get(key_of(1), loader(10)), first);
  const ModelCacheStatistics statistics = cache.statistics();
  EXPECT_EQ(statistics.hits, 1U);
  EXPECT_EQ(statistics.misses, 1U);
  EXPECT_EQ(statistics.models, 1U);
  EXPECT_EQ(statistics.bytes, 10U);
}

TEST(ModelCache, EveryPartOfTheKeyCounts) {
  ModelCache cache(100);
  std::atomic<int> loads = 0;
  const auto keep = [&](const ModelKey& key) { return cache.get(key, loader(1, &loads)); };
  keep({"a", {}, Precision::kFp32, Attention::kSdpa});
  keep({"b", {}, Precision::kFp32, Attention::kSdpa});
  keep({"a", {DeviceKind::kCuda, 0}, Precision::kFp32, Attention::kSdpa});
  keep({"a", {DeviceKind::kCuda, 1}, Precision::kFp32, Attention::kSdpa});
  keep({"a", {}, Precision::kBf16, Attention::kSdpa});
  keep({"a", {}, Precision::kFp32, Attention::kManual});
  EXPECT_EQ(loads, 6);
}

TEST(ModelCache, EvictsTheLeastRecentlyUsed) {
  ModelCache cache(20);
  std::atomic<int> loads = 0;
  cache.get(key_of(1), loader(10, &loads));
  cache.get(key_of(2), loader(10, &loads));
  cache.get(key_of(1), loader(10, &loads));
  cache.get(key_of(3), loader(10, &loads));
  EXPECT_EQ(cache.statistics().evictions, 1U);
  cache.get(key_of(1), loader(10, &loads));
  EXPECT_EQ(loads, 3) << "1 was used later than 2";
}

TEST(ModelCache, NeverEvictsWhatIsInUse) {
  ModelCache cache(10);
  const auto used = cache.get(key_of(1), loader(10));
  const auto also_used = cache.get(key_of(2), loader(10));
  EXPECT_EQ(cache.statistics().models, 2U);
  EXPECT_EQ(cache.get(key_of(1), loader(10)), used);
  cache.trim();
  EXPECT_EQ(cache.statistics().models, 2U);
}

TEST(ModelCache, MakesRoomBeforeLoading) {
  ModelCache cache(10);
  const std::weak_ptr<DepthModel> old = cache.get(key_of(1), loader(10));
  bool gone = false;
  cache.get(
      key_of(2),
      [&] {
        gone = old.expired();
        return LoadedModel{std::make_shared<testing::FakeModel>(), 10};
      },
      10);
  EXPECT_TRUE(gone);
}

TEST(ModelCache, TrimRemovesWhatIsIdle) {
  ModelCache cache(100);
  cache.get(key_of(1), loader(10));
  cache.trim();
  EXPECT_EQ(cache.statistics().models, 0U);
  EXPECT_EQ(cache.statistics().bytes, 0U);
}

TEST(ModelCache, AFailedLoadIsNotKept) {
  ModelCache cache(100);
  EXPECT_THROW(cache.get(key_of(1), []() -> LoadedModel { throw Error(ErrorCode::kModelDamaged, "x"); }),
               Error);
  EXPECT_NE(cache.get(key_of(1), loader(1)), nullptr);
  EXPECT_EQ(cache.statistics().failures, 1U);
}

TEST(ModelCache, ThreadsThatAskAtOnceShareOneLoad) {
  constexpr int kThreads = 8;
  ModelCache cache(100);
  std::atomic<int> loads = 0;
  std::barrier start(kThreads);
  std::vector<std::shared_ptr<DepthModel>> models(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      models[static_cast<std::size_t>(i)] = cache.get(key_of(1), loader(1, &loads));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loads, 1);
  for (const auto& model : models) EXPECT_EQ(model, models[0]);
}

TEST(ModelCache, AllThatWaitForAFailedLoadGetItsError) {
  // The load ends only once the second call waits for it, which its hit tells.
  ModelCache cache(100);
  std::atomic<int> errors = 0;
  const auto failing = [&]() -> LoadedModel {
    while (cache.statistics().hits == 0) std::this_thread::yield();
    throw Error(ErrorCode::kModelDamaged, "x");
  };
  const auto ask = [&](const ModelCache::Loader& load) {
    try {
      cache.get(key_of(1), load);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kModelDamaged) ++errors;
    }
  };
  std::thread first([&] { ask(failing); });
  while (cache.statistics().misses == 0) std::this_thread::yield();
  std::thread second([&] { ask(loader(1)); });
  first.join();
  second.join();
  EXPECT_EQ(errors, 2);
}

TEST(ModelCache, HoldsUnderConcurrentUseOfMoreModelsThanFit) {
  constexpr int kThreads = 4;
  constexpr int kModels = 5;
  ModelCache cache(3);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 200; ++round) {
        const int identity = (i + round) % kModels;
        const auto model = cache.get(key_of(identity), [&] {
          auto fake = std::make_shared<testing::FakeModel>();
          fake->spec_.name = std::to_string(identity);
          return LoadedModel{fake, 1};
        });
        if (model->spec().name != std::to_string(identity)) ++wrong;
        model->predict({});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  const ModelCacheStatistics statistics = cache.statistics();
  EXPECT_EQ(statistics.hits + statistics.misses, static_cast<std::uint64_t>(kThreads * 200));
  EXPECT_LE(statistics.bytes, static_cast<std::uint64_t>(kModels));
}

}  // namespace
}  // namespace da3::predict
