// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <da3/model_cache.hpp>

#include <cli/program.hpp>

namespace da3 {
namespace {

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 30;

/// A reduced network, the same file once more under another path, and another network.
class ModelCacheOfFiles : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    place = new testing::Workplace;
    const std::string golden = (std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "tiny").string();
    const std::vector<std::vector<std::string>> exports{
        {"model", "export", golden, "-o", "tiny.pt"},
        {"model", "export", "da3-small", "--synthetic", "1", "-o", "small.pt"}};
    for (const auto& arguments : exports) {
      const testing::Ended made = place->run(arguments);
      ASSERT_EQ(made.code, 0) << made.err;
    }
    std::filesystem::copy_file(*place / "tiny.pt", *place / "copy.pt");
    options.device = DeviceId{};
    options.threads = 1;
  }
  static void TearDownTestSuite() { delete place; }

  static Image photo() {
    Image image{{112, 70}, std::vector<std::uint8_t>(112 * 70 * 3)};
    for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<std::uint8_t>(i * 7 % 251);
    return image;
  }
  static std::vector<float> depth_of(const Model& model) {
    PredictOptions at_112;
    at_112.process_res = 112;
    return model.predict(photo(), at_112).depth.values;
  }

  static testing::Workplace* place;
  static ModelOptions options;
};
testing::Workplace* ModelCacheOfFiles::place = nullptr;
ModelOptions ModelCacheOfFiles::options;

TEST_F(ModelCacheOfFiles, SharesOneLoadOfEqualWeights) {
  ModelCache cache(kPlenty);
  const Model first = cache.get(*place / "tiny.pt", options);
  const Model second = cache.get(*place / "copy.pt", options);
  EXPECT_EQ(&first.spec(), &second.spec());
  EXPECT_EQ(cache.statistics().misses, 1U);
  EXPECT_EQ(cache.statistics().hits, 1U);
  EXPECT_EQ(depth_of(first), depth_of(second));
}

TEST_F(ModelCacheOfFiles, ADefaultAndTheSameByNameAreOneModel) {
  ModelCache cache(kPlenty);
  const Model first = cache.get(*place / "tiny.pt", options);
  ModelOptions named = options;
  named.precision = first.precision();
  named.attention = first.attention();
  const Model second = cache.get(*place / "tiny.pt", named);
  EXPECT_EQ(&first.spec(), &second.spec());
}

TEST_F(ModelCacheOfFiles, AttentionsAreModelsOfTheirOwn) {
  ModelCache cache(kPlenty);
  ModelOptions manual = options;
  manual.attention = Attention::kManual;
  ModelOptions fused = options;
  fused.attention = Attention::kSdpa;
  EXPECT_EQ(cache.get(*place / "tiny.pt", manual).attention(), Attention::kManual);
  EXPECT_EQ(cache.get(*place / "tiny.pt", fused).attention(), Attention::kSdpa);
  EXPECT_EQ(cache.statistics().misses, 2U);
}

TEST_F(ModelCacheOfFiles, IdleModelsGoWhenTheBoundIsReached) {
  ModelCache cache(std::filesystem::file_size(*place / "tiny.pt"));
  cache.get(*place / "tiny.pt", options);
  EXPECT_EQ(cache.statistics().models, 1U);
  const Model other = cache.get(*place / "small.pt", options);
  EXPECT_EQ(cache.statistics().models, 1U);
  EXPECT_EQ(cache.statistics().evictions, 1U);
  cache.trim();
  EXPECT_EQ(cache.statistics().models, 1U) << "in use";
}

TEST_F(ModelCacheOfFiles, AModelOutlivesItsCache) {
  std::optional<ModelCache> cache(kPlenty);
  const Model model = cache->get(*place / "tiny.pt", options);
  const std::vector<float> before = depth_of(model);
  cache.reset();
  EXPECT_EQ(depth_of(model), before);
}

TEST_F(ModelCacheOfFiles, ThreadsShareOneLoadAndGetTheSameDepth) {
  ModelCache cache(kPlenty);
  std::vector<std::vector<float>> depths(4);
  {
    std::vector<std::jthread> threads;
    for (auto& depth : depths) {
      threads.emplace_back([&] { depth = depth_of(cache.get(*place / "tiny.pt", options)); });
    }
  }
  EXPECT_EQ(cache.statistics().misses, 1U);
  for (const auto& depth : depths) EXPECT_EQ(depth, depths.front());
}

TEST_F(ModelCacheOfFiles, AMissingFileIsNamed) {
  ModelCache cache(kPlenty);
  try {
    cache.get(*place / "absent.pt", options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelNotFound);
  }
  EXPECT_EQ(cache.statistics().models, 0U);
}

}  // namespace
}  // namespace da3
