// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/ops/_fused_sdp_choice.h>
#include <c10/core/DeviceGuard.h>

#include <core/host/host_memory.hpp>
#include <engine/bench_workloads.hpp>
#include <engine/device/devices.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/network/block_products.hpp>
#include <engine/network/module_tree.hpp>
#include <engine/network/network_plans.hpp>
#include <engine/normalise.hpp>
#include <engine/operators/cpu_operators.hpp>
#include <engine/operators/onednn_linear.hpp>
#include <engine/precision.hpp>
#include <engine/torch_errors.hpp>
#include <weights/model_config.hpp>

namespace da3::engine {
namespace {

constexpr double kRotaryBase = 100;
// Large enough for library kernels to reach their peak, small enough for a calibration in every round.
constexpr std::int64_t kCpuMatrixSide = 1536;
constexpr std::int64_t kAcceleratorMatrixSide = 8192;

void refuse_int8(Precision precision) {
  if (precision != Precision::kInt8) return;
  throw Error(ErrorCode::kPrecisionUnsupported,
              "int8 has no separate matrix product or attention to measure; it quantises linear layers only");
}

at::TensorOptions options_of(const DeviceId& device, Precision precision) {
  refuse_int8(precision);
  return at::TensorOptions().device(to_torch(device)).dtype(backbone_type(precision, device));
}

int threads_or_default(int threads) {
  return threads > 0 ? threads : core::usable_cores();
}

// Runs `work` with the engine's settings; errors leave as the library's own.
template <typename Work>
auto guarded(const DeviceId& device, int threads, const std::string& doing, Work&& work) {
  try {
    set_up_libtorch();
    const EngineScope scope;
    std::optional<ThreadScope> thread_scope;
    if (device.kind == DeviceKind::kCpu) thread_scope.emplace(threads);
    return work();
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kInternal, doing);
  }
}

std::string backend_name(std::int64_t choice) {
  // sdp::SDPBackend of LibTorch.
  switch (choice) {
    case 0:
      return "math";
    case 1:
      return "flash";
    case 2:
      return "memory-efficient";
    case 3:
      return "cudnn";
    default:
      return "other";
  }
}

// Cosines and sines of N positions in the form that attention.py takes: (N, 1, d).
std::pair<at::Tensor, at::Tensor> rotary_tables(std::int64_t tokens, std::int64_t d,
                                                const at::TensorOptions& options) {
  const std::int64_t quarter = d / 4;
  const at::Tensor exponents = at::arange(quarter, at::kFloat) / static_cast<double>(quarter);
  const at::Tensor angles = at::arange(tokens, at::kFloat).unsqueeze(1) * at::pow(kRotaryBase, -exponents);
  const at::Tensor cos = at::cos(angles).repeat({1, 4});
  const at::Tensor sin = at::sin(angles);
  const at::Tensor signed_sin = at::cat({-sin, sin, -sin, sin}, 1);
  return {cos.unsqueeze(1).to(options), signed_sin.unsqueeze(1).to(options)};
}

// The operators that a loaded model would use.
Lowering lowering_for(const DeviceId& device, Precision precision) {
  return device.kind == DeviceKind::kCpu ? cpu_lowering(cpu_operator_facts(), precision) : Lowering{};
}

// A rotary block's attention and its linear layers as the networks are built with them, for another number of
// heads.
std::map<std::string, ModulePlan> rotary_plans(const AttentionShape& shape, const Lowering& lowering) {
  weights::NetworkConfig config = weights::catalogue_config("da3-small");
  config.main.backbone.num_heads = shape.heads;
  config.main.backbone.embed_dim = shape.heads * shape.head_dim;
  const std::string attention =
      "backbone.pretrained.blocks." + std::to_string(config.main.backbone.rope_start) + ".attn";
  auto all = network_plans(config, {}, true, lowering);
  return {
      {"", all.at(attention)}, {"qkv", all.at(attention + ".qkv")}, {"proj", all.at(attention + ".proj")}};
}

torch::jit::Module rotary_layer(const AttentionShape& shape, const at::TensorOptions& options,
                                const Lowering& lowering) {
  const std::int64_t width = std::int64_t{shape.heads} * shape.head_dim;
  const double scale = 1 / std::sqrt(static_cast<double>(width));
  const auto drawn = [&](at::IntArrayRef sizes) { return at::randn(sizes, options) * scale; };
  TensorMap tensors{{"qkv.weight", drawn({3 * width, width})},
                    {"qkv.bias", drawn({3 * width})},
                    {"proj.weight", drawn({width, width})},
                    {"proj.bias", drawn({width})},
                    {"q_norm.weight", at::ones({shape.head_dim}, options)},
                    {"q_norm.bias", at::zeros({shape.head_dim}, options)},
                    {"k_norm.weight", at::ones({shape.head_dim}, options)},
                    {"k_norm.bias", at::zeros({shape.head_dim}, options)}};
  std::map<std::string, ModulePlan> plans = rotary_plans(shape, lowering);
  lower_block_products(tensors, plans, lowering);
  return build_module_tree(tensors, plans);
}

class LayerWorkload final : public AttentionWorkload {
 public:
  LayerWorkload(const DeviceId& device, Precision precision, Attention mode, const AttentionShape& shape,
                int threads)
      : device_(device), sdpa_(mode == Attention::kSdpa), threads_(threads_or_default(threads)) {
    guarded(device_, threads_, "Preparing an attention layer", [&] {
      const at::TensorOptions options = options_of(device, precision);
      const Lowering lowering = lowering_for(device, precision);
      own_ = lowering.own_kernels;
      layer_ = rotary_layer(shape, options, lowering);
      std::tie(cos_, sin_) = rotary_tables(shape.tokens, shape.head_dim, options);
      normed_ = at::randn({1, shape.tokens, std::int64_t{shape.heads} * shape.head_dim}, options);
      // The layer adds to it in place: zeros and a small projection keep it finite over any number of runs.
      x_ = at::zeros_like(normed_);
      for (at::Tensor* each : {&q_, &k_, &v_}) {
        *each = at::randn({1, shape.heads, shape.tokens, shape.head_dim}, options);
      }
    });
  }

  void run_core() override {
    measured([&] { layer_.get_method("attend")({q_, k_, v_, sdpa_}); });
  }

  void run_layer() override {
    measured([&] { layer_.get_method("forward")({x_, normed_, 1, cos_, sin_, sdpa_}); });
  }

  void synchronize() override { engine::synchronize(device_); }

  std::optional<std::uint64_t> peak_bytes() const override { return peak_; }

  std::string backend() const override {
    if (!sdpa_) return "manual";
    if (own_) return "da3";
    return guarded(device_, threads_, "Asking for the attention back end",
                   [&] { return backend_name(at::_fused_sdp_choice(q_, k_, v_)); });
  }

 private:
  template <typename Work>
  void measured(Work&& work) {
    guarded(device_, threads_, "Running an attention layer", [&] {
      const PeakMeter meter(device_);
      work();
      peak_ = meter.peak_bytes();
    });
  }

  DeviceId device_;
  bool sdpa_;
  bool own_ = false;
  int threads_;
  torch::jit::Module layer_;
  at::Tensor x_, normed_, q_, k_, v_, cos_, sin_;
  std::optional<std::uint64_t> peak_;
};

using Product = std::function<void()>;

}  // namespace

MatmulWorkload make_matmul_workload(const DeviceId& device, Precision precision, int threads) {
  check_device(device);
  const int used = threads_or_default(threads);
  return guarded(device, used, "Preparing the calibration", [&] {
    refuse_int8(precision);
    const std::int64_t side = device.kind == DeviceKind::kCpu ? kCpuMatrixSide : kAcceleratorMatrixSide;
    const at::TensorOptions options =
        at::TensorOptions().device(to_torch(device)).dtype(product_type(precision));
    const at::Tensor a = at::randn({side, side}, options);
    const at::Tensor b = at::randn({side, side}, options);
    at::Tensor out = at::empty({side, side}, options);
    std::vector<Product> products{[=]() mutable { at::mm_out(out, a, b); }};
    // LibTorch's mm() takes BLAS in float32 even where oneDNN is twice as fast.
    if (device.kind == DeviceKind::kCpu && onednn_available())
      products.emplace_back([a, weight = b.t().contiguous()] { onednn_linear(a, weight); });
    // Warm, then one run each: they differ where they differ at all by tens of percent.
    std::size_t fastest = 0;
    double least_s = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; products.size() > 1 && i < products.size(); ++i) {
      products[i]();
      const auto begin = std::chrono::steady_clock::now();
      products[i]();
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      if (seconds < least_s) fastest = i;
      least_s = std::min(least_s, seconds);
    }
    const auto run = [=, product = products[fastest]]() {
      guarded(device, used, "Running the calibration", product);
    };
    const auto n = static_cast<double>(side);
    return MatmulWorkload{run, [device] { synchronize(device); }, 2 * n * n * n};
  });
}

InputWorkload make_input_workload(const DeviceId& device, NormaliseOn normalise) {
  open_device(device);
  return guarded(device, threads_or_default(0), "Preparing to upload pictures", [&] {
    ModelSpec spec;
    spec.mean = {0.485F, 0.456F, 0.406F};
    spec.std = {0.229F, 0.224F, 0.225F};
    const auto normaliser = std::make_shared<Normaliser>(spec, to_torch(device));
    const std::shared_ptr<Transfers> transfers = device_layer(device.kind).make_transfers(device.index);
    return InputWorkload([=](std::span<const std::uint8_t> rgb, Size size) {
      guarded(device, threads_or_default(0), "Uploading a picture", [&] {
        const c10::OptionalDeviceGuard on_device(to_torch(device));
        predict::Request request;
        request.size = size;
        request.pictures = {rgb};
        const at::Tensor host = stage(request, normalise, *normaliser, *transfers);
        const at::Tensor there = transfers->upload(host);
        transfers->before_work();
        if (normalise == NormaliseOn::kDevice) normaliser->on_device(there);
        engine::synchronize(device);
        transfers->wait();
      });
    });
  });
}

std::unique_ptr<AttentionWorkload> make_attention_workload(const DeviceId& device, Precision precision,
                                                           Attention mode, const AttentionShape& shape,
                                                           int threads) {
  check_device(device);
  return std::make_unique<LayerWorkload>(device, precision, mode, shape, threads);
}

}  // namespace da3::engine
