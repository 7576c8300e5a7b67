// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <da3/error.hpp>

#include <bench/measure/fake_clock.hpp>
#include <suites/context.hpp>
#include <weights/model_config.hpp>

namespace da3::suites {

/// A model whose forwards take time on a fake clock: a fixed part and a part an image.
class FakeModel final : public predict::DepthModel {
 public:
  FakeModel(bench::FakeClock& clock, LoadRequest request, ModelSpec spec)
      : clock_(clock), request_(request), spec_(std::move(spec)) {}

  const ModelSpec& spec() const override { return spec_; }
  DeviceId device() const override { return request_.device; }
  Precision precision() const override { return request_.precision.value_or(Precision::kFp32); }
  Attention attention() const override { return request_.attention.value_or(Attention::kSdpa); }
  void synchronize() override { ++synchronized; }
  int concurrency() const override { return 1; }

  predict::Result predict(const predict::Request& request) override {
    if (request.scenes > largest_batch) throw Error(ErrorCode::kOutOfMemory, "a batch is too large");
    const int pictures = request.scenes * request.views;
    const double ms = fixed_ms + image_ms * pictures;
    clock_.advance_ms(ms);
    batches.push_back(request.scenes);
    predict::Result result;
    result.size = request.size;
    // Reduced precision and written-out attention are off by a known share.
    const float error =
        (precision() == Precision::kFp32 ? 0.0F : 0.01F) + (attention() == Attention::kSdpa ? 0.0F : 0.001F);
    const auto count = static_cast<std::size_t>(pictures);
    result.depth.assign(request.size.area() * count, 1.0F + error);
    if (request.wanted.confidence) result.confidence.assign(request.size.area() * count, 2.0F);
    for (int view = 0; request.wanted.pose && view < pictures; ++view) {
      for (const float value : {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}) result.extrinsics.push_back(value);
      for (const float value : {50, 0, 28, 0, 50, 14, 0, 0, 1}) result.intrinsics.push_back(value);
    }
    result.times.total_ms = ms;
    result.times.backbone_ms = 0.7 * ms;
    result.times.head_ms = 0.2 * ms;
    result.peak_bytes = 1000U * static_cast<unsigned>(pictures);
    return result;
  }

  double fixed_ms = 5;
  double image_ms = 10;
  int largest_batch = 1000;
  int synchronized = 0;
  std::vector<int> batches;

 private:
  bench::FakeClock& clock_;
  LoadRequest request_;
  ModelSpec spec_;
};

class FakeMemory final : public predict::MemoryProbe {
 public:
  core::MemoryState device(const DeviceId&) override { return {1ULL << 34U, 1ULL << 34U}; }
  core::MemoryState host() override { return {1ULL << 34U, 1ULL << 34U}; }
};

class FakeAttention final : public engine::AttentionWorkload {
 public:
  FakeAttention(bench::FakeClock& clock, Attention mode) : clock_(clock), mode_(mode) {}
  void run_core() override { clock_.advance_ms(mode_ == Attention::kSdpa ? 2 : 4); }
  void run_layer() override { clock_.advance_ms(mode_ == Attention::kSdpa ? 5 : 7); }
  void synchronize() override {}
  std::optional<std::uint64_t> peak_bytes() const override { return mode_ == Attention::kSdpa ? 100 : 900; }
  std::string backend() const override { return mode_ == Attention::kSdpa ? "flash" : "manual"; }

 private:
  bench::FakeClock& clock_;
  Attention mode_;
};

/// A context of fakes: da3-small on "cpu" runs, every other device is absent. A matrix product takes 10 ms at
/// 100 GFLOP/s.
class FakeMachine {
 public:
  FakeMachine() {
    context.model_file = [this](const std::string& model) {
      ModelFile file;
      file.spec.name = model;
      file.spec.parameters = 1000;
      file.spec.outputs = outputs;
      file.spec.network_id = "da3-anyview";
      file.spec.network_config_json = weights::config_text(weights::catalogue_config("da3-small"));
      return file;
    };
    context.load = [this](const ModelFile& file, const LoadRequest& request) {
      if (request.device.kind != DeviceKind::kCpu) {
        throw Error(ErrorCode::kDeviceUnavailable, "there is no such device");
      }
      if (request.precision == Precision::kFp16) throw Error(ErrorCode::kModelDamaged, "the file is damaged");
      models.push_back(std::make_shared<FakeModel>(clock, request, file.spec));
      models.back()->largest_batch = largest_batch;
      return models.back();
    };
    context.matmul = [this](const DeviceId&, Precision, int) {
      return engine::MatmulWorkload{[this] { clock.advance_ms(10); }, [] {}, 1e9};
    };
    context.attention = [this](const DeviceId&, Precision, Attention mode,
                               const engine::AttentionShape& shape, int) {
      shapes.push_back(shape);
      return std::make_unique<FakeAttention>(clock, mode);
    };
    context.memory = &memory;
    context.clock = &clock;
  }

  bench::FakeClock clock;
  FakeMemory memory;
  Context context;
  std::vector<std::shared_ptr<FakeModel>> models;
  std::vector<engine::AttentionShape> shapes;
  int largest_batch = 1000;
  std::vector<std::string> outputs;  ///< Of the models' records
};

}  // namespace da3::suites
