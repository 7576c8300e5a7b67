// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <list>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <engine/network/smoothing.hpp>
#include <engine/tiny_model.hpp>
#include <testing/files.hpp>
#include <testing/temporary_folder.hpp>
#include <weights/recipe.hpp>
#include <weights/safetensors.hpp>

namespace da3::engine {
namespace {

using da3::testing::TemporaryFolder;
using ::testing::HasSubstr;

constexpr std::int64_t kDepth = 64;
constexpr std::int64_t kUneven = 11;  // the channel that is larger than the others

/// x (rows, kDepth), of which a channel is 50 times the others.
at::Tensor uneven_inputs() {
  at::Tensor x = at::sin(at::arange(200 * kDepth, at::kFloat).square()).view({200, kDepth});
  x.select(1, kUneven).mul_(50);
  return x;
}

at::Tensor some_weight() {
  return at::cos(at::arange(32 * kDepth, at::kFloat).square()).view({32, kDepth});
}

InputStatistics statistics(const at::Tensor& x) {
  return {at::amax(x.abs(), {0}), x.square().mean(0)};
}

/// Rounded to 8 bits as the products do: inputs by row, weights by output.
at::Tensor rounded_product(const at::Tensor& x, const at::Tensor& weight) {
  const at::Tensor low = at::amin(x, {1}, true).clamp_max(0);
  const at::Tensor step = (at::amax(x, {1}, true).clamp_min(0) - low) / 255;
  const at::Tensor weight_step = at::amax(weight.abs(), {1}, true) / 127;
  return (at::round(x / step) * step).matmul((at::round(weight / weight_step) * weight_step).t());
}

double relative_error(const at::Tensor& exact, const at::Tensor& found) {
  return (exact - found).norm().item<double>() / exact.norm().item<double>();
}

TEST(Smoothing, LeastErrorIsChosenAndTheEstimateIsTheRealOne) {
  const at::Tensor x = uneven_inputs();
  at::Tensor weight = some_weight();
  weight.select(1, kUneven).div_(50);  // so that the channel says no more than the others
  const LayerSmoothing chosen = choose_smoothing(weight, statistics(x));
  ASSERT_EQ(chosen.exponents.scalar_type(), at::kChar);
  const at::Tensor factors = at::exp2(chosen.exponents.to(at::kFloat));
  const at::Tensor exact = x.matmul(weight.t());
  const double before = relative_error(exact, rounded_product(x, weight));
  const double after = relative_error(exact, rounded_product(x * factors, weight / factors));
  EXPECT_LT(after, before / 5);
  // A row's range is at most what the estimate takes for all of them.
  for (const double ratio : {chosen.error_before / before, chosen.error_after / after}) {
    EXPECT_GT(ratio, 0.9);
    EXPECT_LT(ratio, 3);
  }
  const auto exponents = chosen.exponents.to(at::kInt);
  EXPECT_LT(exponents[kUneven].item<int>(), exponents.min().item<int>() + 1);
}

TEST(Smoothing, EvenInputsKeepTheirWeights) {
  const at::Tensor x = at::sin(at::arange(4096 * kDepth, at::kFloat).square()).view({4096, kDepth});
  const LayerSmoothing chosen = choose_smoothing(at::ones({32, kDepth}), statistics(x));
  EXPECT_FALSE(chosen.exponents.any().item<bool>());
  EXPECT_EQ(chosen.error_after, chosen.error_before);
}

TEST(Smoothing, ChannelsWithoutInputsOrWeightsHaveFactorsToo) {
  at::Tensor x = uneven_inputs();
  x.select(1, 3).zero_();
  at::Tensor weight = some_weight();
  weight.select(1, 4).zero_();
  const LayerSmoothing chosen = choose_smoothing(weight, statistics(x));
  EXPECT_LE(chosen.exponents.to(at::kInt).abs().max().item<int>(), kLargestExponent);
  const LayerSmoothing nothing = choose_smoothing(at::zeros_like(weight), statistics(at::zeros_like(x)));
  EXPECT_FALSE(nothing.exponents.any().item<bool>());
}

TEST(Smoothing, WeightsTakeTheInverseExactly) {
  const at::Tensor weight = some_weight();
  at::Tensor exponents = at::zeros({kDepth}, at::kChar);
  exponents[kUneven] = -5;
  exponents[0] = 3;
  TensorMap tensors{{"a.weight", weight.clone()}, {"a.smoothing", exponents}};
  const auto factors = smooth_weight(tensors, "a");
  ASSERT_TRUE(factors.has_value());
  EXPECT_FALSE(tensors.contains("a.smoothing"));
  EXPECT_TRUE(at::equal(tensors.at("a.weight") * *factors, weight));
  EXPECT_EQ((*factors)[kUneven].item<float>(), 1.0F / 32);
  EXPECT_FALSE(smooth_weight(tensors, "a").has_value());
}

TEST(Smoothing, ExponentsOfAnotherLayerAreRefused) {
  for (const at::Tensor& wrong : {at::zeros({kDepth - 1}, at::kChar), at::zeros({kDepth}, at::kFloat),
                                  at::full({kDepth}, kLargestExponent + 1, at::kChar),
                                  at::full({kDepth}, -128, at::kChar), at::zeros({1, kDepth}, at::kChar)}) {
    TensorMap selected{{"a.weight", some_weight()}};
    EXPECT_THROW(select_smoothing({{"a.smoothing", wrong}}, selected), Error);
  }
  TensorMap selected;
  select_smoothing({{"a.smoothing", at::zeros({kDepth}, at::kChar)}}, selected);
  EXPECT_TRUE(selected.empty());
}

constexpr Size kSize{42, 56};

Image picture(std::uint32_t seed) {
  return {kSize, weights::selftest_picture(kSize.height, kSize.width, seed)};
}

std::vector<float> depth_of(const std::filesystem::path& file, Precision precision, bool own_kernels = true) {
  LoadOptions options;
  options.precision = precision;
  options.own_kernels = own_kernels;
  const auto model = load_model(file, options);
  const Image seen = picture(3);
  predict::Request request;
  request.size = kSize;
  request.pictures = {seen.rgb};
  return model->predict(request).depth;
}

double difference(const std::vector<float>& exact, const std::vector<float>& found) {
  double sum = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) sum += std::abs(found[i] - exact[i]) / exact[i];
  return sum / static_cast<double>(exact.size());
}

/// `tiny` with a few channels of its tokens far above the others, as trained transformers have them.
class UnevenTiny {
  static constexpr std::array<std::size_t, 2> kFarChannels{5, 40};

 public:
  UnevenTiny() : file(folder_.path() / "uneven.pt") {
    const auto published = weights::Safetensors::open(testing::kTiny / "model.safetensors");
    std::vector<weights::TensorView> tensors = published.tensors();
    std::list<std::vector<float>> changed;
    const auto change = [&](weights::TensorView& tensor, auto&& values_of) {
      std::vector<float>& values = changed.emplace_back(tensor.data.size() / sizeof(float));
      std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
      values_of(values);
      tensor.data = std::as_bytes(std::span(values));
    };
    constexpr float kFar = 100;
    for (weights::TensorView& tensor : tensors) {
      if (tensor.name.ends_with("patch_embed.proj.bias")) {
        change(tensor, [](std::vector<float>& bias) {
          for (const std::size_t channel : kFarChannels) bias.at(channel) += kFar;
        });
      } else if (tensor.name.find(".blocks.") != std::string::npos &&
                 (tensor.name.ends_with("norm1.weight") || tensor.name.ends_with("norm2.weight"))) {
        // The others say as much as before, behind a norm of which most is the far channels'.
        change(tensor, [](std::vector<float>& scale) {
          for (float& each : scale) each *= 18;
          for (const std::size_t channel : kFarChannels) scale.at(channel) /= 18 * kFar;
        });
      }
    }
    EXPECT_GT(changed.size(), 20U);
    std::filesystem::copy(testing::kTiny / "config.json", folder_.path() / "config.json");
    weights::write_safetensors(folder_.path() / "model.safetensors", tensors);
    ExportSource source;
    source.folder = folder_.path();
    report = export_model(source, file);
  }

 private:
  TemporaryFolder folder_;

 public:
  std::filesystem::path file;
  ExportReport report;
};

TEST(Calibration, MakesInt8CloserAndLeavesFloat32AsItIs) {
  const UnevenTiny tiny;
  const TemporaryFolder output;
  const std::filesystem::path calibrated = output.path() / "calibrated.pt";
  Calibration calibration(tiny.file, 1);
  for (std::uint32_t seed = 1; seed <= 2; ++seed) calibration.see(picture(seed));
  const CalibrationReport report = calibration.write(calibrated);
  EXPECT_GT(report.layers, 20);
  EXPECT_LT(report.error_after, 0.7 * report.error_before);

  const std::vector<float> exact = depth_of(tiny.file, Precision::kFp32);
  EXPECT_EQ(depth_of(calibrated, Precision::kFp32), exact);
  for (const bool own_kernels : {true, false}) {
    const double before = difference(exact, depth_of(tiny.file, Precision::kInt8, own_kernels));
    const double after = difference(exact, depth_of(calibrated, Precision::kInt8, own_kernels));
    EXPECT_LT(after, before / 2) << own_kernels;
  }

  // Other results, so another identity, by which runs tell models apart.
  const ModelSpec spec = read_spec(calibrated);
  EXPECT_NE(spec.sha256, tiny.report.spec.sha256);
  EXPECT_EQ(spec.parameters, tiny.report.spec.parameters);
  EXPECT_EQ(spec.network_layout, tiny.report.spec.network_layout);
  EXPECT_TRUE(verify_model(calibrated, {}).selftest_passed);
}

TEST(Calibration, AgainGivesTheSameFile) {
  const TemporaryFolder output;
  const std::filesystem::path once = output.path() / "once.pt";
  const std::filesystem::path twice = output.path() / "twice.pt";
  const auto calibrate = [](const std::filesystem::path& from, const std::filesystem::path& to) {
    Calibration calibration(from, 1);
    calibration.see(picture(1));
    return calibration.write(to);
  };
  calibrate(testing::tiny_model().file, once);
  calibrate(once, twice);
  EXPECT_TRUE(da3::testing::read_file(once) == da3::testing::read_file(twice));
  calibrate(twice, twice);  // in place
  EXPECT_TRUE(da3::testing::read_file(once) == da3::testing::read_file(twice));
}

TEST(Calibration, NeedsAPictureAndAKnownNetwork) {
  const TemporaryFolder output;
  try {
    static_cast<void>(Calibration(testing::tiny_model().file, 1).write(output.path() / "none.pt"));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
  }
  EXPECT_FALSE(std::filesystem::exists(output.path() / "none.pt"));
  try {
    Calibration(std::filesystem::path(DA3_SOURCE_DIR) / "models/starter/fastdepth.pt", 1);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelContract);
    EXPECT_THAT(error.what(), HasSubstr("only networks that da3 builds itself"));
  }
}

}  // namespace
}  // namespace da3::engine
