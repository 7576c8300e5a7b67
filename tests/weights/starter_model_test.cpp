// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <core/stored_zip.hpp>
#include <weights/identity.hpp>
#include <weights/record.hpp>

namespace da3::weights {
namespace {

using ::testing::ElementsAre;

const std::filesystem::path kStarter =
    std::filesystem::path(DA3_SOURCE_DIR) / "models" / "starter" / "fastdepth.pt";

TEST(StarterModel, HasARecordThatFitsItsNetwork) {
  const ModelSpec spec = read_record(kStarter);
  EXPECT_EQ(spec.name, "fastdepth-starter");
  EXPECT_EQ(spec.network_id, "");
  EXPECT_THAT(*spec.fixed_size, ElementsAre(224, 224));
  EXPECT_THAT(spec.mean, ElementsAre(0.0F, 0.0F, 0.0F));
  EXPECT_THAT(spec.std, ElementsAre(1.0F, 1.0F, 1.0F));
  EXPECT_EQ(spec.depth_kind, DepthKind::kMetric);
  EXPECT_THAT(spec.outputs, ElementsAre("depth"));
  EXPECT_TRUE(spec.attention.empty());
  EXPECT_EQ(spec.licence_spdx, "MIT");
  EXPECT_TRUE(spec.selftest.has_value());
}

TEST(StarterModel, HasTheIdentityThatItsRecordNames) {
  EXPECT_EQ(weights_sha256(kStarter), read_record(kStarter).sha256);
}

TEST(StarterModel, IsIntactSmallAndWithoutTensorConstantsOrForeignPaths) {
  const core::StoredZip archive = core::StoredZip::open(kStarter);
  for (const core::ZipEntry& entry : archive.entries()) {
    archive.checked_data(entry);
    EXPECT_FALSE(core::StoredZip::inner_name(entry).starts_with("constants/")) << entry.name;
    EXPECT_FALSE(entry.name.ends_with(".debug_pkl")) << entry.name;
  }
  EXPECT_LT(std::filesystem::file_size(kStarter), 6'000'000U);
}

}  // namespace
}  // namespace da3::weights
