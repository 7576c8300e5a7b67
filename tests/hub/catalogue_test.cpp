// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gtest/gtest.h>

#include <da3/model_spec.hpp>

#include <hub/catalogue.hpp>
#include <hub/hub_api.hpp>

namespace da3::hub {
namespace {

TEST(Catalogue, HoldsEveryPublishedModelOnce) {
  std::set<std::string> names;
  for (const CatalogueEntry& entry : catalogue()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_TRUE(is_repository_name(entry.repository)) << entry.repository;
    EXPECT_NO_THROW(parse_depth_kind(entry.kind)) << entry.name;
    EXPECT_LE(entry.needed_parameters, entry.parameters);
  }
  const std::set<std::string> published{"da3-small",
                                        "da3-base",
                                        "da3-large",
                                        "da3-large-1.1",
                                        "da3-giant",
                                        "da3-giant-1.1",
                                        "da3mono-large",
                                        "da3metric-large",
                                        "da3nested-giant-large",
                                        "da3nested-giant-large-1.1"};
  EXPECT_EQ(names, published);
}

TEST(Catalogue, FindsByNameAndByRepositoryInAnyCase) {
  ASSERT_NE(find_in_catalogue("DA3-Base"), nullptr);
  EXPECT_EQ(find_in_catalogue("DA3-Base")->repository, "depth-anything/DA3-BASE");
  EXPECT_EQ(find_in_catalogue("depth-anything/da3-large-1.1"), find_in_catalogue("da3-large-1.1"));
  EXPECT_EQ(find_in_catalogue("da3"), nullptr);
}

TEST(Catalogue, SaysWhichLicencesForbidCommercialUse) {
  EXPECT_FALSE(find_in_catalogue("da3-base")->non_commercial());
  EXPECT_TRUE(find_in_catalogue("da3-large")->non_commercial());
}

}  // namespace
}  // namespace da3::hub
