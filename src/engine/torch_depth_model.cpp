// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include <c10/core/DeviceGuard.h>

#include <da3/error.hpp>

#include <core/host/process_limits.hpp>
#include <core/text.hpp>
#include <engine/device/devices.hpp>
#include <engine/device/module_placement.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/precision.hpp>
#include <engine/predictions.hpp>
#include <engine/torch_depth_model.hpp>
#include <engine/torch_errors.hpp>

namespace da3::engine {
namespace {

using torch::jit::IValue;
using Clock = std::chrono::steady_clock;

/// Sizes whose tables are kept: a folder of photos has a handful, and one size's tables take a few MB.
constexpr std::size_t kMostTables = 8;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string describe(const predict::Request& request) {
  return std::to_string(request.scenes) + "x" + std::to_string(request.views) + " pictures of " +
         core::size_text(request.size);
}

ForwardShape shape_of(const predict::Request& request) {
  return {request.scenes, request.views, request.size, request.wanted, request.reference};
}

void mark(Stopwatch* stopwatch) {
  if (stopwatch != nullptr) stopwatch->mark();
}

}  // namespace

/// What a request in flight has for itself.
struct TorchDepthModel::Lane {
  std::unique_ptr<Transfers> transfers;
  std::unique_ptr<Stopwatch> stopwatch;
  Clock::time_point computed;  ///< When the forward was queued; on devices without a queue when it was done
};

/// A lane for the time of a request. It comes back only from a request that succeeded: of another one copies
/// may be under way.
class TorchDepthModel::LaneLoan {
 public:
  explicit LaneLoan(TorchDepthModel& model) : model_(model) {
    const std::lock_guard lock(model_.mutex_);
    if (!model_.lanes_.empty()) {
      lane_ = std::move(model_.lanes_.back());
      model_.lanes_.pop_back();
      return;
    }
    lane_ = std::make_unique<Lane>();
    lane_->transfers = model_.layer_.make_transfers(model_.network_.device.index);
    lane_->stopwatch = model_.layer_.make_stopwatch(model_.network_.device.index);
  }
  ~LaneLoan() = default;
  LaneLoan(const LaneLoan&) = delete;
  LaneLoan& operator=(const LaneLoan&) = delete;

  Lane& operator*() const { return *lane_; }
  Lane* operator->() const { return lane_.get(); }

  void give_back() {
    const std::lock_guard lock(model_.mutex_);
    model_.lanes_.push_back(std::move(lane_));
  }

 private:
  TorchDepthModel& model_;
  std::unique_ptr<Lane> lane_;
};

TorchDepthModel::TorchDepthModel(ReadyNetwork network, ModelSpec spec)
    : network_(std::move(network)),
      spec_(std::move(spec)),
      layer_(device_layer(network_.device.kind)),
      normaliser_([&] {
        const EngineScope scope;
        return Normaliser(spec_, to_torch(network_.device));
      }()),
      graphs_(network_.device) {
  // Nothing is uploaded there, and a table of 256 values a channel beats three passes over the picture: 0.9
  // against 29 ms for 378x504 on two busy cores of an AMD EPYC, the same bits.
  if (network_.device.kind == DeviceKind::kCpu) network_.normalise = NormaliseOn::kHost;
}

TorchDepthModel::~TorchDepthModel() = default;

void TorchDepthModel::synchronize() {
  engine::synchronize(network_.device);
}

int TorchDepthModel::concurrency() const {
  return layer_.concurrency();
}

int TorchDepthModel::num_recorded() const {
  const std::lock_guard queueing(forward_);
  return graphs_.num_recorded();
}

predict::Result TorchDepthModel::predict(const predict::Request& request) {
  check_request(request, spec_, network_.parts);
  const EngineScope scope;
  std::optional<ThreadScope> threads;
  if (network_.device.kind == DeviceKind::kCpu) {
    core::require_team(network_.threads);
    threads.emplace(network_.threads);
  }
  std::optional<Error> failure;
  try {
    const c10::OptionalDeviceGuard on_device(to_torch(network_.device));
    record_if_due(request);
    const std::shared_lock in_flight(flight_);
    predict::Result result = run(request);
    if (network_.device.kind == DeviceKind::kCpu) require_unchanged_file();
    return result;
  } catch (const std::exception& error) {
    failure =
        translate(error, ErrorCode::kPredictionInvalid, "Model " + spec_.name + " on " + describe(request));
  }
  // Here the failed call's tensors are gone, so that what they held can be given back for a smaller request.
  if (failure->code() == ErrorCode::kOutOfMemory) give_memory_back();
  throw Error(*failure);
}

void TorchDepthModel::require_unchanged_file() const {
  if (!weights::was_changed_in_place(network_.file, network_.stamp)) return;
  throw Error(
      ErrorCode::kModelDamaged,
      network_.file.string() +
          ": was written to while it was in use; give another model another name, or replace the file by "
          "renaming, and start again");
}

void TorchDepthModel::give_memory_back() {
  const std::unique_lock alone(flight_);
  const std::scoped_lock lock(forward_, mutex_);
  tables_.clear();
  last_shape_.reset();
  try {
    graphs_.clear();
  } catch (const std::exception&) {
    // The device is lost, which the next request will say.
  }
  empty_cache(network_.device);
}

predict::Result TorchDepthModel::run(const predict::Request& request) {
  const Clock::time_point start = Clock::now();
  change_shape({request.scenes, request.views, request.size});
  LaneLoan lane(*this);
  const at::Tensor host = stage(request, network_.normalise, normaliser_, *lane->transfers);
  const double staging_ms = ms_since(start);
  const at::Tensor pixels = lane->transfers->upload(host);
  predict::Result measured;
  const double upload_ms = ms_since(start);
  const std::vector<at::Tensor> outputs = run_forward(pixels, request, *lane, measured);
  lane->transfers->wait();
  predict::Result result = take_predictions(outputs, request, spec_);
  result.peak_bytes = measured.peak_bytes;
  tell_phases(*lane, runs_in_steps(network_, request), result.times);
  const auto copied_up = lane->transfers->upload_ms();
  result.times.upload_ms = copied_up ? staging_ms + *copied_up : upload_ms;
  const auto copied_down = lane->transfers->download_ms();
  result.times.download_ms = copied_down ? *copied_down : ms_since(lane->computed);
  result.times.total_ms = ms_since(start);
  lane.give_back();
  return result;
}

/// Queues a forward behind those of other requests and the download of what is wanted behind it.
std::vector<at::Tensor> TorchDepthModel::run_forward(const at::Tensor& pixels,
                                                     const predict::Request& request, Lane& lane,
                                                     predict::Result& result) {
  const std::lock_guard queueing(forward_);
  lane.transfers->before_work();
  std::vector<at::Tensor> outputs = replay_or_compute(pixels, request, lane, result);
  lane.computed = Clock::now();
  for (at::Tensor& output : outputs) output = lane.transfers->download(output);
  return outputs;
}

std::vector<at::Tensor> TorchDepthModel::replay_or_compute(const at::Tensor& pixels,
                                                           const predict::Request& request, Lane& lane,
                                                           predict::Result& result) {
  const ForwardShape shape = shape_of(request);
  auto replayed = is_recordable(request) ? graphs_.replay(shape, pixels) : std::nullopt;
  if (replayed) {
    result.peak_bytes = replayed->peak_bytes;
    return std::move(replayed->outputs);
  }
  // Before the meter starts: tables stay for later calls, whose peak is then the same.
  const IValue shape_tables = network_.offered.tables ? tables(request.size) : IValue();
  const PeakMeter meter(network_.device);
  const PrecisionScope products(network_.device, network_.precision);
  lane.stopwatch->mark();
  std::vector<at::Tensor> outputs = compute(pixels, shape_tables, request, lane.stopwatch.get());
  result.peak_bytes = meter.peak_bytes();
  // The input was there before the meter was.
  if (result.peak_bytes) *result.peak_bytes += pixels.nbytes();
  if (is_recordable(request)) graphs_.ran(shape, result.peak_bytes);
  return outputs;
}

/// Recording takes the device for itself: whatever another request queued meanwhile might end up in it.
void TorchDepthModel::record_if_due(const predict::Request& request) {
  const ForwardShape shape = shape_of(request);
  {
    const std::lock_guard queueing(forward_);
    if (!is_recordable(request) || !graphs_.is_due(shape)) return;
  }
  const std::unique_lock alone(flight_);
  const std::lock_guard queueing(forward_);
  if (!graphs_.is_due(shape)) return;  // Another thread was faster.
  engine::synchronize(network_.device);
  const IValue shape_tables = network_.offered.tables ? tables(request.size) : IValue();
  const bool bytes = network_.normalise == NormaliseOn::kDevice;
  const auto [height, width] = request.size;
  const at::Tensor pixels =
      bytes ? at::empty({request.scenes, request.views, height, width, 3},
                        at::TensorOptions().dtype(at::kByte).device(to_torch(network_.device)))
            : at::empty({request.scenes, request.views, 3, height, width},
                        at::TensorOptions().dtype(at::kFloat).device(to_torch(network_.device)));
  const PrecisionScope products(network_.device, network_.precision);
  predict::Request without_pictures = request;
  without_pictures.pictures.clear();
  // The function holds the tables, which recorded work reads as long as it is kept.
  graphs_.record(shape, pixels, [this, shape_tables, without_pictures](const at::Tensor& input) {
    return compute(input, shape_tables, without_pictures, nullptr);
  });
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
  tables_.emplace_back(size, make_tables(size));
  return tables_.back().second;
}

IValue TorchDepthModel::make_tables(Size size) {
  if (!network_.host_module) return network_.module.run_method("tables", size.height, size.width);
  IValue made = network_.host_module->run_method("tables", size.height, size.width);
  for (const auto& entry : made.toGenericDict()) {
    const bool low = is_backbone_table(entry.key().toStringRef());
    entry.setValue(entry.value().toTensor().to(
        to_torch(network_.device), low ? backbone_type(network_.precision, network_.device) : at::kFloat));
  }
  return made;
}

std::int64_t TorchDepthModel::num_parts(const predict::Request& request) const {
  if (network_.most_tokens == 0) return 1;
  const std::int64_t patches =
      std::int64_t{request.size.height / spec_.patch} * (request.size.width / spec_.patch);
  const std::int64_t together =
      std::max<std::int64_t>(1, network_.most_tokens / (request.views * (1 + patches)));
  return (request.scenes + together - 1) / together;
}

/// The wanted outputs on the device, of all scenes.
std::vector<at::Tensor> TorchDepthModel::compute(const at::Tensor& pixels, const IValue& tables,
                                                 const predict::Request& request, Stopwatch* stopwatch) {
  const std::int64_t parts = num_parts(request);
  if (parts == 1) return compute_together(pixels, tables, request, stopwatch);
  predict::Request part = request;
  part.pictures.clear();
  std::vector<std::vector<at::Tensor>> by_output;
  auto cameras = request.cameras.begin();
  for (const at::Tensor& scenes : pixels.tensor_split(parts)) {
    part.scenes = static_cast<int>(scenes.size(0));
    if (!request.cameras.empty()) {
      const auto first = cameras;
      cameras += std::ptrdiff_t{part.scenes} * part.views * predict::kCameraNumbers;
      part.cameras.assign(first, cameras);
    }
    const std::vector<at::Tensor> outputs = compute_together(scenes, tables, part, stopwatch);
    by_output.resize(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) by_output[i].push_back(outputs[i]);
  }
  std::vector<at::Tensor> joined;
  for (const std::vector<at::Tensor>& output : by_output) joined.push_back(at::cat(output));
  return joined;
}

/// Marks behind normalising and, where they are apart, backbone and head.
std::vector<at::Tensor> TorchDepthModel::compute_together(const at::Tensor& pixels, const IValue& tables,
                                                          const predict::Request& request,
                                                          Stopwatch* stopwatch) {
  const at::Tensor image =
      network_.normalise == NormaliseOn::kDevice ? normaliser_.on_device(pixels) : pixels;
  mark(stopwatch);
  const IValue outputs = call_network(network_, image, tables, request, [&] { mark(stopwatch); });
  mark(stopwatch);
  return select_outputs(outputs, request, spec_);
}

/// What is computed besides depth, maps and cameras takes values from the host and is not worth a recording.
bool TorchDepthModel::is_recordable(const predict::Request& request) const {
  return network_.recordable && request.cameras.empty() && is_plain(request.wanted);
}

/// Each part of the scenes has laps for normalising and the network, or for normalising, backbone and head.
void TorchDepthModel::tell_phases(Lane& lane, bool in_steps, predict::PhaseTimes& times) const {
  const std::vector<double> laps = lane.stopwatch->laps_ms();
  if (laps.empty()) return;  // Replayed as a whole.
  const auto sum = [&](std::size_t first) {
    double total = 0;
    for (std::size_t i = first; i < laps.size(); i += in_steps ? 3 : 2) total += laps[i];
    return total;
  };
  times.normalise_ms = sum(0);
  if (!in_steps) return;
  times.backbone_ms = sum(1);
  times.head_ms = sum(2);
}

}  // namespace da3::engine
