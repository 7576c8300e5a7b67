// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstring>

#include <da3/error.hpp>

#include <engine/devices.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/precision.hpp>
#include <engine/predictions.hpp>
#include <engine/torch_depth_model.hpp>
#include <engine/torch_errors.hpp>

namespace da3::engine {
namespace {

using torch::jit::IValue;

/// Sizes whose tables are kept: a folder of photos has a handful, and one size's tables take a few MB.
constexpr std::size_t kMostTables = 8;

at::Tensor channels_tensor(const std::array<float, 3>& values, const c10::Device& device) {
  return at::tensor(at::ArrayRef<float>(values.data(), values.size())).view({3, 1, 1}).to(device);
}

std::string describe(const infer::Request& request) {
  return std::to_string(request.scenes) + "x" + std::to_string(request.views) + " pictures of " +
         std::to_string(request.size.height) + "x" + std::to_string(request.size.width);
}

}  // namespace

/// Milliseconds between points at which the device has nothing left to do.
class TorchDepthModel::Phases {
 public:
  explicit Phases(const DeviceId& device) : device_(device) {
    engine::synchronize(device_);
    start_ = last_ = Clock::now();
  }

  double lap_ms() {
    engine::synchronize(device_);
    const Clock::time_point now = Clock::now();
    return milliseconds(now - std::exchange(last_, now));
  }

  double total_ms() const { return milliseconds(last_ - start_); }

 private:
  using Clock = std::chrono::steady_clock;
  static double milliseconds(Clock::duration span) {
    return std::chrono::duration<double, std::milli>(span).count();
  }

  DeviceId device_;
  Clock::time_point start_;
  Clock::time_point last_;
};

TorchDepthModel::TorchDepthModel(ReadyNetwork network, ModelSpec spec)
    : network_(std::move(network)), spec_(std::move(spec)) {
  const EngineScope scope;
  mean_ = channels_tensor(spec_.mean, to_torch(network_.device));
  std_ = channels_tensor(spec_.std, to_torch(network_.device));
}

TorchDepthModel::~TorchDepthModel() = default;

void TorchDepthModel::synchronize() {
  engine::synchronize(network_.device);
}

int TorchDepthModel::concurrency() const {
  return network_.device.kind == DeviceKind::kCpu ? 1 : 2;
}

infer::Result TorchDepthModel::predict(const infer::Request& request) {
  check_request(request, spec_);
  const EngineScope scope;
  std::optional<ThreadScope> threads;
  if (network_.device.kind == DeviceKind::kCpu) threads.emplace(network_.threads);
  std::optional<Error> failure;
  try {
    return run(request);
  } catch (const std::exception& error) {
    failure =
        translate(error, ErrorCode::kPredictionInvalid, "Model " + spec_.name + " on " + describe(request));
  }
  // Here the failed call's tensors are gone, so that what they held can be given back for a smaller request.
  if (failure->code() == ErrorCode::kOutOfMemory) {
    const std::lock_guard lock(mutex_);
    tables_.clear();
    last_shape_.reset();
    empty_cache(network_.device);
  }
  throw Error(*failure);
}

infer::Result TorchDepthModel::run(const infer::Request& request) {
  change_shape({request.scenes, request.views, request.size});
  Phases phases(network_.device);
  infer::PhaseTimes times;
  // Before the meter starts: tables stay for later calls, whose peak is then the same.
  const IValue shape_tables = network_.offered.tables ? tables(request.size) : IValue();
  const PeakMeter meter(network_.device);
  phases.lap_ms();
  at::Tensor image = upload(request);
  times.upload_ms = phases.lap_ms();
  image = normalise(image);
  times.normalise_ms = phases.lap_ms();
  const IValue outputs = forward(image, shape_tables, request, phases, times);
  infer::Result result = take_predictions(outputs, request, spec_);
  times.download_ms = phases.lap_ms();
  times.total_ms = phases.total_ms();
  result.times = times;
  result.peak_bytes = meter.peak_bytes();
  return result;
}

/// Blocks kept for the last shape are of no use for another one on the CPU, where they are found by exact
/// size.
void TorchDepthModel::change_shape(const Shape& shape) {
  const std::lock_guard lock(mutex_);
  if (last_shape_ == shape) return;
  if (last_shape_ && network_.device.kind == DeviceKind::kCpu) empty_cache(network_.device);
  last_shape_ = shape;
}

IValue TorchDepthModel::tables(Size size) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(tables_.begin(), tables_.end(), [&](const auto& each) { return each.first == size; });
  if (found != tables_.end()) {
    std::rotate(found, found + 1, tables_.end());
    return tables_.back().second;
  }
  if (tables_.size() == kMostTables) tables_.erase(tables_.begin());
  tables_.emplace_back(size, network_.module.run_method("tables", size.height, size.width));
  return tables_.back().second;
}

/// (B, S, H, W, 3) uint8 on the device.
at::Tensor TorchDepthModel::upload(const infer::Request& request) const {
  at::Tensor pixels =
      at::empty({request.scenes, request.views, request.size.height, request.size.width, 3}, at::kByte);
  auto* to = pixels.mutable_data_ptr<std::uint8_t>();
  for (const auto& picture : request.pictures) {
    std::memcpy(to, picture.data(), picture.size());
    to += picture.size();
  }
  return pixels.to(to_torch(network_.device));
}

/// (B, S, 3, H, W) float32: pixel / 255, to the network's input range, less mean, over standard deviation.
at::Tensor TorchDepthModel::normalise(const at::Tensor& pixels) const {
  at::Tensor image = at::empty({pixels.size(0), pixels.size(1), 3, pixels.size(2), pixels.size(3)},
                               pixels.options().dtype(at::kFloat));
  image.copy_(pixels.permute({0, 1, 4, 2, 3})).div_(255.0F);
  const auto [low, high] = spec_.input_range;
  if (low != 0.0F || high != 1.0F) image.mul_(high - low).add_(low);
  return image.sub_(mean_).div_(std_);
}

IValue TorchDepthModel::forward(const at::Tensor& image, const IValue& tables, const infer::Request& request,
                                Phases& phases, infer::PhaseTimes& times) {
  const Offered& offered = network_.offered;
  if (offered.tables || (offered.split && !request.wanted.pose)) {
    return forward_in_steps(image, tables, request, phases, times);
  }
  // Backbone and head are one call here, so their times stay unknown.
  IValue outputs = network_.module.run_method(request.wanted.pose ? "pose" : "forward", image);
  phases.lap_ms();
  return outputs;
}

IValue TorchDepthModel::forward_in_steps(const at::Tensor& image, const IValue& tables,
                                         const infer::Request& request, Phases& phases,
                                         infer::PhaseTimes& times) {
  torch::jit::Module& module = network_.module;
  const int height = request.size.height;
  const int width = request.size.width;
  const at::Tensor input = image.to(backbone_type(network_.precision));
  const IValue features = network_.offered.tables
                              ? features_for_head(module.run_method("features_with", input, tables))
                              : module.run_method("features", input);
  times.backbone_ms = phases.lap_ms();
  const IValue outputs = network_.offered.tables
                             ? module.run_method("decode_with", features, tables, height, width)
                             : module.run_method("decode", features, height, width);
  // Nested networks need the cameras for depth already.
  if (request.wanted.pose && !outputs.toGenericDict().contains("extrinsics")) {
    const IValue cameras = module.run_method("pose_with", features, height, width);
    auto all = outputs.toGenericDict();
    for (const auto& camera : cameras.toGenericDict()) all.insert_or_assign(camera.key(), camera.value());
  }
  times.head_ms = phases.lap_ms();
  return outputs;
}

/// Head, exp and cameras compute in float32 whatever the backbone does.
IValue TorchDepthModel::features_for_head(IValue features) const {
  if (network_.precision == Precision::kFp32) return features;
  auto levels = features.toGenericDict();
  for (const auto& level : levels) level.setValue(level.value().toTensor().to(at::kFloat));
  return features;
}

}  // namespace da3::engine
