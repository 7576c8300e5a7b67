// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <core/model_record.hpp>

namespace da3::core {
namespace {

TEST(ModelRecord, TellsApartWhatDecidesResults) {
  ModelSpec model;
  model.described = true;
  const auto digest = record_digest(model);
  ASSERT_TRUE(digest);
  ModelSpec named = model;
  named.name = "another";
  named.licence_spdx = "MIT";
  EXPECT_EQ(record_digest(named), digest);
  ModelSpec mean = model;
  mean.mean[1] = 0.5F;
  EXPECT_NE(record_digest(mean), digest);
  ModelSpec kind = model;
  kind.depth_kind = DepthKind::kInverse;
  EXPECT_NE(record_digest(kind), digest);
  ModelSpec range = model;
  range.input_range[1] = 255;
  EXPECT_NE(record_digest(range), digest);
}

TEST(ModelRecord, IsNoneWhereTheFileHasARecord) {
  // The starter's folders of earlier versions go on.
  EXPECT_FALSE(record_digest(ModelSpec{}));
}

}  // namespace
}  // namespace da3::core
