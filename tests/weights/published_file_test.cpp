// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include <weights/model_config.hpp>
#include <weights/recipe.hpp>
#include <weights/safetensors.hpp>
#include <weights/tensor_list.hpp>

namespace da3::weights {
namespace {

// The file was written by the safetensors library from tensors that the original program filled by the
// recipe.
TEST(PublishedFile, HoldsTheListedTensorsWithTheBitsOfTheRecipe) {
  const std::filesystem::path folder = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "tiny";
  const Safetensors file = Safetensors::open(folder / "model.safetensors");
  const std::vector<TensorEntry> list = tensor_list(read_config(folder / "config.json"));
  EXPECT_EQ(file.tensors().size(), list.size());
  for (const TensorEntry& entry : list) {
    const TensorView* const tensor = file.find(entry.name);
    ASSERT_NE(tensor, nullptr) << entry.name;
    EXPECT_EQ(tensor->dtype, Dtype::kF32) << entry.name;
    ASSERT_EQ(tensor->shape, entry.shape) << entry.name;
    std::vector<float> expected(static_cast<std::size_t>(entry.num_elements()));
    fill_recipe(expected, entry.name, entry.shape, 1);
    EXPECT_EQ(std::memcmp(tensor->data.data(), expected.data(), tensor->data.size()), 0) << entry.name;
  }
}

}  // namespace
}  // namespace da3::weights
