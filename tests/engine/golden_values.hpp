// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <engine/libtorch_setup.hpp>
#include <testing/npz.hpp>
#include <testing/tensor_matcher.hpp>
#include <weights/model_config.hpp>

// Golden cases as tensors, and what may differ.
namespace da3::engine {

using da3::testing::Array;
using da3::testing::TensorRef;
using da3::testing::tensors_match;
using da3::testing::Tolerance;
using Arrays = std::map<std::string, Array>;

// The original differs from itself in float64 by up to 2e-5 relative in depth; every structural mistake that
// was tried is larger than these by an order of magnitude (tests/data/golden/README.md).
inline constexpr Tolerance kDepthTolerance{.relative = 1e-4};
inline constexpr Tolerance kExtrinsicsTolerance{.absolute = 1e-4};
inline constexpr Tolerance kIntrinsicsTolerance{.relative = 1e-3};
inline constexpr Tolerance kStageTolerance{.relative = 1e-4, .absolute = 1e-4};

inline const std::filesystem::path kGolden = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden";

inline weights::NetworkConfig config_of(const std::string& model) {
  const std::filesystem::path file = kGolden / model / "config.json";
  return std::filesystem::exists(file) ? weights::read_config(file) : weights::catalogue_config(model);
}

// (1, S, 3, H, W), normalised in float32 as the original does.
inline at::Tensor image_of(const Array& picture) {
  at::Tensor pixels = at::empty(picture.shape, at::kByte);
  std::copy(picture.bytes.begin(), picture.bytes.end(), pixels.data_ptr<std::uint8_t>());
  const at::Tensor mean = at::tensor({0.485F, 0.456F, 0.406F});
  const at::Tensor std = at::tensor({0.229F, 0.224F, 0.225F});
  return pixels.to(at::kFloat)
      .div_(255.0)
      .sub_(mean)
      .div_(std)
      .permute({0, 3, 1, 2})
      .contiguous()
      .unsqueeze(0);
}

inline std::map<std::string, at::Tensor> as_map(const at::IValue& dictionary) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& item : dictionary.toGenericDict()) {
    tensors[item.key().toStringRef()] = item.value().toTensor();
  }
  return tensors;
}

inline ::testing::AssertionResult matches(const at::Tensor& actual, const Array& expected,
                                          Tolerance tolerance) {
  const at::Tensor values = actual.contiguous();
  const TensorRef found{values.scalar_type() == at::kFloat ? "<f4" : "other",
                        values.sizes().vec(),
                        {values.data_ptr<float>(), static_cast<std::size_t>(values.numel())}};
  return tensors_match(found, {expected.type, expected.shape, expected.floats}, tolerance);
}

// One thread: spinning at barriers on a busy machine costs more than a second one gains in these small
// networks.
struct LibTorch {
  LibTorch() { set_up_libtorch(); }
  EngineScope scope;
  ThreadScope threads{1};
};

}  // namespace da3::engine
