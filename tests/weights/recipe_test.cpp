// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <testing/files.hpp>
#include <weights/recipe.hpp>

namespace da3::weights {
namespace {

using ::da3::testing::split;
using ::testing::ElementsAre;

std::vector<std::int64_t> parse_shape(const std::string& text) {
  std::vector<std::int64_t> shape;
  for (const std::string& part : split(text, 'x')) shape.push_back(std::stoll(part));
  return shape;
}

std::size_t count(const std::vector<std::int64_t>& shape) {
  std::size_t product = 1;
  for (const std::int64_t extent : shape) product *= static_cast<std::size_t>(extent);
  return product;
}

/// The decimal texts are the doubles that the float32 values are.
std::uint32_t bits_of(const std::string& text) {
  return std::bit_cast<std::uint32_t>(static_cast<float>(std::strtod(text.c_str(), nullptr)));
}

TEST(Recipe, GivesTheBitsOfTheCheckTable) {
  const auto rows =
      split(::da3::testing::read_file(std::string(DA3_TEST_DATA_DIR) + "/golden/recipe_check.tsv"), '\n');
  ASSERT_EQ(rows.size(), 21U);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string> columns = split(rows[i], '\t');
    const std::string& name = columns[0];
    const std::vector<std::int64_t> shape = parse_shape(columns[1]);
    std::array<char, 17> hash{};
    std::snprintf(hash.data(), hash.size(), "%016llx", static_cast<unsigned long long>(recipe_hash(name)));
    EXPECT_EQ(hash.data(), columns[3]) << name;
    const RecipeRange range = recipe_range(name, shape);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(range.offset), bits_of(columns[4])) << name;
    EXPECT_EQ(std::bit_cast<std::uint32_t>(range.amplitude), bits_of(columns[5])) << name;

    std::vector<float> values(count(shape));
    fill_recipe(values, name, shape, std::stoull(columns[2]), 3);
    const std::vector<std::string> expected = split(columns[6], ' ');
    ASSERT_GE(expected.size(), 2U);
    for (std::size_t k = 0; k + 1 < expected.size(); ++k) {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(values[k]), bits_of(expected[k])) << name << " element " << k;
    }
    EXPECT_EQ(std::bit_cast<std::uint32_t>(values.back()), bits_of(expected.back())) << name << " last";
  }
}

TEST(Recipe, DoesNotDependOnTheNumberOfThreads) {
  const std::vector<std::int64_t> shape{1153, 1031};
  std::vector<float> one(count(shape));
  fill_recipe(one, "model.a.weight", shape, 7, 1);
  for (const int threads : {0, 2, 3, 5}) {
    std::vector<float> several(one.size());
    fill_recipe(several, "model.a.weight", shape, 7, threads);
    EXPECT_EQ(several, one) << threads;
  }
}

TEST(Recipe, StaysWithinItsRange) {
  const std::vector<std::int64_t> shape{300, 300};
  std::vector<float> values(count(shape));
  fill_recipe(values, "model.a.weight", shape, 18446744073709551615U, 2);
  const RecipeRange range = recipe_range("model.a.weight", shape);
  for (const float value : values) {
    ASSERT_GE(value, -range.amplitude);
    ASSERT_LE(value, range.amplitude);
  }
}

TEST(Recipe, RefusesASpanOfAnotherSize) {
  std::vector<float> values(5);
  const std::vector<std::int64_t> shape{2, 3};
  EXPECT_EQ(::da3::testing::thrown_by([&] { fill_recipe(values, "a", shape, 1, 1); }).code,
            ErrorCode::kInternal);
}

TEST(SelftestPicture, IsTheTopByteOfTheHash) {
  // By the definition in docs/model-format.md, computed independently in Python.
  EXPECT_THAT(selftest_picture(1, 2, 1), ElementsAre(155, 109, 41, 15, 202, 235));
  EXPECT_THAT(selftest_picture(2, 1, 90210), ElementsAre(143, 252, 245, 163, 145, 233));
  EXPECT_EQ(selftest_picture(70, 98, 1).size(), 70U * 98U * 3U);
}

}  // namespace
}  // namespace da3::weights
