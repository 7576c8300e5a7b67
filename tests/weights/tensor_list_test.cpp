// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <testing/files.hpp>
#include <weights/tensor_list.hpp>

namespace da3::weights {
namespace {

using ::da3::testing::read_file;
using ::da3::testing::split;
using ::testing::ElementsAre;

const std::filesystem::path kKeys = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "keys";

class TensorList : public ::testing::TestWithParam<const char*> {};

std::string shape_text(const TensorEntry& entry) {
  std::string text;
  for (const std::int64_t extent : entry.shape) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

TEST_P(TensorList, HasExactlyTheTensorsOfThePublishedFile) {
  const std::string name = GetParam();
  std::vector<std::string> rows = split(read_file(kKeys / (name + ".tsv")), '\n');
  ASSERT_GT(rows.size(), 100U);
  const bool has_use = rows.front() == "name\tshape\tparameters\tused_for";
  rows.erase(rows.begin());
  std::ranges::sort(rows);

  const std::vector<TensorEntry> list = tensor_list(read_config(kKeys / (name + ".config.json")));
  ASSERT_EQ(list.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<std::string> columns = split(rows[i], '\t');
    ASSERT_EQ(list[i].name, columns[0]);
    EXPECT_EQ(shape_text(list[i]), columns[1]) << columns[0];
    EXPECT_EQ(std::to_string(list[i].num_elements()), columns[2]) << columns[0];
    if (!has_use) continue;
    const bool tied = columns[3] == "ray (tied: used as level 3)";
    EXPECT_EQ(to_string(list[i].use), tied ? "ray" : columns[3]) << columns[0];
    EXPECT_EQ(list[i].aliases.empty(), !tied) << columns[0];
  }
}

INSTANTIATE_TEST_SUITE_P(Each, TensorList,
                         ::testing::Values("da3-small", "da3-base", "da3-large", "da3-giant", "da3mono-large",
                                           "da3metric-large", "da3nested-giant-large", "tiny", "tiny-swiglu",
                                           "tiny-mono", "tiny-nested"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(TensorListAlias, RayNormsAreOneTensorOfFourNames) {
  const std::vector<TensorEntry> list = tensor_list(catalogue_config("da3-small"));
  const std::string prefix = "model.head.scratch.output_conv2_aux.";
  const auto norm = std::ranges::find(list, prefix + "0.2.bias", &TensorEntry::name);
  ASSERT_NE(norm, list.end());
  EXPECT_THAT(norm->aliases, ElementsAre(prefix + "1.2.bias", prefix + "2.2.bias", prefix + "3.2.bias"));
}

TEST(TensorListUse, CountsTheParametersOfDepth) {
  std::int64_t depth = 0;
  for (const TensorEntry& entry : tensor_list(catalogue_config("da3-base"))) {
    if (entry.use == TensorUse::kDepth) depth += entry.num_elements();
  }
  EXPECT_EQ(depth, 98287458);
}

TEST(TensorListUse, BlocksAfterTheLastTapAreNeverUsed) {
  NetworkConfig config = catalogue_config("da3-small");
  config.main.backbone.depth = 14;
  for (const TensorEntry& entry : tensor_list(config)) {
    const bool after = entry.name.find(".blocks.12.") != std::string::npos ||
                       entry.name.find(".blocks.13.") != std::string::npos;
    if (after) {
      EXPECT_EQ(entry.use, TensorUse::kNever) << entry.name;
    }
  }
}

}  // namespace
}  // namespace da3::weights
