// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include <suites/estimate.hpp>
#include <suites/flops.hpp>
#include <testing/files.hpp>
#include <testing/temporary_folder.hpp>
#include <testing/zip_writer.hpp>
#include <weights/record.hpp>

namespace da3::suites {
namespace {

constexpr Size kLandscape{280, 504};

// The pruned network at 504x280, one view, in GFLOP.
TEST(Flops, MatchTheCountOfThePrunedNetwork) {
  EXPECT_NEAR(forward_flops(weights::catalogue_config("da3-small"), kLandscape) * 1e-9, 52.0, 0.05);
  EXPECT_NEAR(forward_flops(weights::catalogue_config("da3-base"), kLandscape) * 1e-9, 183.0, 0.05);
  EXPECT_NEAR(forward_flops(weights::catalogue_config("da3-large"), kLandscape) * 1e-9, 638.2, 0.05);
}

// da3-small on 28x28: 2x2 patches, 5 tokens, width 384, 12 blocks, features 64, out_channels 48 96 192 384.
TEST(Flops, MatchAHandCountOfASmallPicture) {
  const double patch_embedding = 2.0 * 4 * 588 * 384;
  const double block = 2.0 * 5 * 384 * (4 * 384) + 2 * (2.0 * 5 * 384 * 5) + 2 * (2.0 * 5 * 384 * 1536);
  const double projections = 2.0 * 4 * 768 * (48 + 96 + 192 + 384);
  const double resizing = 2.0 * 4 * 48 * 48 * 16 + 2.0 * 4 * 96 * 96 * 4 + 2.0 * 1 * 9 * 384 * 384;
  const double adapters = 2.0 * 9 * 64 * (64 * 48 + 16 * 96 + 4 * 192 + 1 * 384);
  const double fusion =
      2.0 * 9 * 64 * 64 * (4 * 64 + 4 * 16 + 4 * 4 + 2 * 1) + 2.0 * 64 * 64 * (64 + 16 + 4 + 1);
  const double output = 2.0 * 256 * 9 * 64 * 32 + 2.0 * 784 * 9 * 32 * 32 + 2.0 * 784 * 32 * 2;
  EXPECT_DOUBLE_EQ(forward_flops(weights::catalogue_config("da3-small"), {28, 28}),
                   patch_embedding + 12 * block + projections + resizing + adapters + fusion + output);
}

TEST(Flops, ViewsOfASceneAttendToEachOtherInGlobalBlocks) {
  const auto config = weights::catalogue_config("da3-small");
  // Blocks 5, 7, 9 and 11 of 12: (2 * 721)^2 instead of 2 * 721^2.
  const double extra = 4 * 2 * (2.0 * 721 * 721 * 384) * 2;
  EXPECT_NEAR(forward_flops(config, kLandscape, 2), 2 * forward_flops(config, kLandscape) + extra, 1);
}

TEST(Flops, SkyModelsHaveTwoOutputBranches) {
  const auto config = weights::catalogue_config("da3mono-large");
  auto without = config;
  without.main.head.use_sky_head = false;
  const double branch = 2.0 * 280 * 504 * (9.0 * 128 * 32 + 32);
  EXPECT_NEAR(forward_flops(config, kLandscape) - forward_flops(without, kLandscape), branch, 1);
}

TEST(Flops, NestedModelsRunBothNetworks) {
  EXPECT_NEAR(forward_flops(weights::catalogue_config("da3nested-giant-large"), kLandscape),
              forward_flops(weights::catalogue_config("da3-giant"), kLandscape) +
                  forward_flops(weights::catalogue_config("da3metric-large"), kLandscape),
              1e6);
}

TEST(Flops, UnknownNetworksHaveNoCount) {
  EXPECT_FALSE(forward_flops(ModelSpec{}, kLandscape));
  ModelSpec spec;
  spec.network_id = "da3-anyview";
  spec.network_config_json = weights::config_text(weights::catalogue_config("da3-base"));
  EXPECT_NEAR(*forward_flops(spec, kLandscape) * 1e-9, 183.0, 0.05);
}

bench::Fields settings_of(const std::string& model) {
  bench::Fields settings;
  settings.set("model", model);
  settings.set("height", std::int64_t{280});
  settings.set("width", std::int64_t{504});
  return settings;
}

TEST(ForwardSeconds, OfAModelFileAreThoseOfItsNetwork) {
  const testing::TemporaryFolder folder;
  ModelSpec spec;
  spec.name = "mine";
  spec.family = "da3";
  spec.outputs = {"depth"};
  spec.network_id = "da3-anyview";
  spec.network_config_json = weights::config_text(weights::catalogue_config("da3-base"));
  EXPECT_NO_THROW(weights::parse_record(weights::record_text(spec), "record"));
  const std::string file = (folder.path() / "mine.pt").string();
  testing::write_file(
      file, testing::zip_bytes({{"m/" + std::string(weights::kRecordEntry), weights::record_text(spec)}}));
  constexpr double kGflops = 100;
  EXPECT_DOUBLE_EQ(forward_seconds(settings_of(file), kGflops),
                   forward_seconds(settings_of("da3-base"), kGflops));
  EXPECT_GT(forward_seconds(settings_of(file), kGflops), 1.8);
  EXPECT_TRUE(std::isnan(forward_seconds(settings_of(file + ".missing"), kGflops)));
}

TEST(Flops, AttentionLayerIsCoreAndProjections) {
  EXPECT_DOUBLE_EQ(attention_core_flops(721, 12, 64), 4.0 * 721 * 721 * 768);
  EXPECT_DOUBLE_EQ(attention_layer_flops(721, 12, 64), 4.0 * 721 * 721 * 768 + 8.0 * 721 * 768 * 768);
  EXPECT_EQ(num_tokens(kLandscape), 721);
}

}  // namespace
}  // namespace da3::suites
