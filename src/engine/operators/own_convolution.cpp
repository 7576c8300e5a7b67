// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <future>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <engine/kernels/kernels.hpp>
#include <engine/operators/own_convolution.hpp>

namespace da3::engine {
namespace {

constexpr std::int64_t kTileSide = 4;

const kernels::Kernels& chosen() {
  const kernels::Kernels* found = kernels::kernels();
  TORCH_CHECK(found != nullptr, "da3 has no kernels for this processor");
  return *found;
}

bool is_map(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

void check(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& packed,
           const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& residual) {
  TORCH_CHECK(is_map(x) && x.numel() > 0, "x: expected float32 (B, C, h, w) in channels_last, got ",
              x.sizes());
  TORCH_CHECK(weight.dim() == 4 && weight.size(1) == x.size(1) && weight.size(2) == 3 && weight.size(3) == 3,
              "weight: expected (K, ", x.size(1), ", 3, 3), got ", weight.sizes());
  const std::int64_t floats = chosen().winograd_packed_floats(weight.size(1), weight.size(0));
  TORCH_CHECK(packed.is_contiguous() && packed.scalar_type() == at::kFloat && packed.numel() == floats,
              "packed: not from pack_winograd of this weight");
  const bool bias_fits = !bias || (bias->is_contiguous() && bias->scalar_type() == at::kFloat &&
                                   bias->numel() == weight.size(0));
  TORCH_CHECK(bias_fits, "bias: expected (", weight.size(0), ")");
  const bool residual_fits = !residual || (is_map(*residual) && residual->size(0) == x.size(0) &&
                                           residual->size(1) == weight.size(0) &&
                                           residual->size(2) == x.size(2) && residual->size(3) == x.size(3));
  TORCH_CHECK(residual_fits, "residual: expected the result's shape in channels_last, got ",
              residual->sizes());
}

at::Tensor libtorch_conv3(const at::Tensor& x, const at::Tensor& weight,
                          const std::optional<at::Tensor>& bias, bool relu,
                          const std::optional<at::Tensor>& residual) {
  at::Tensor out = at::conv2d(relu ? at::relu(x) : x, weight, bias, 1, 1);
  return residual ? out.add_(*residual) : out;
}

const float* data_or_null(const std::optional<at::Tensor>& tensor) {
  return tensor ? tensor->const_data_ptr<float>() : nullptr;
}

}  // namespace

at::Tensor pack_winograd(const at::Tensor& weight) {
  WinogradPacking packing;
  at::Tensor packed = packing.add(weight);
  packing.finish();
  return packed;
}

at::Tensor WinogradPacking::add(const at::Tensor& weight) {
  const bool fits = weight.device().is_cpu() && weight.scalar_type() == at::kFloat && weight.dim() == 4 &&
                    weight.size(0) % kConv3ChannelMultiple == 0 &&
                    weight.size(1) % kConv3ChannelMultiple == 0 && weight.size(2) == 3 &&
                    weight.size(3) == 3 && weight.numel() > 0;
  TORCH_CHECK(fits, "weight: expected float32 (K, C, 3, 3) with K and C multiples of ", kConv3ChannelMultiple,
              ", got ", weight.sizes());
  const kernels::Kernels& kernel = chosen();
  const std::int64_t in = weight.size(1);
  const std::int64_t out = weight.size(0);
  at::Tensor packed = at::empty({kernel.winograd_packed_floats(in, out)},
                                weight.options().memory_format(at::MemoryFormat::Contiguous));
  jobs_.push_back({weight, packed});
  return packed;
}

void WinogradPacking::start() {
  if (jobs_.empty()) return;
  // Where no thread can be had, finish() does it all.
  worker_ = std::async(std::launch::async | std::launch::deferred, [this] { pack_rest(); });
}

void WinogradPacking::finish() {
  const bool any_left = next_ < jobs_.size();
  // Not for nothing: the first use starts the threads.
  if (any_left)
    at::parallel_for(0, at::get_num_threads(), 1, [this](std::int64_t, std::int64_t) { pack_rest(); });
  if (worker_.valid()) worker_.get();
}

void WinogradPacking::pack_rest() {
  const c10::InferenceMode guard;
  const kernels::Kernels& kernel = chosen();
  for (std::size_t i = next_++; i < jobs_.size(); i = next_++) {
    const auto& [weight, packed] = jobs_[i];
    const at::Tensor rows = weight.contiguous(at::MemoryFormat::ChannelsLast);
    const std::int64_t out = weight.size(0);
    for (std::int64_t panel = 0; panel < (out + kernel.panel - 1) / kernel.panel; ++panel) {
      kernel.pack_winograd(rows.const_data_ptr<float>(), weight.size(1), out, panel,
                           packed.mutable_data_ptr<float>());
    }
  }
}

at::Tensor conv3(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& packed,
                 const std::optional<at::Tensor>& bias, bool relu,
                 const std::optional<at::Tensor>& residual) {
  check(x, weight, packed, bias, residual);
  const std::int64_t tiles =
      (x.size(2) + kTileSide - 1) / kTileSide * ((x.size(3) + kTileSide - 1) / kTileSide);
  if (tiles < kFewestWinogradTiles) return libtorch_conv3(x, weight, bias, relu, residual);
  const kernels::Kernels& kernel = chosen();
  at::Tensor out = at::empty({x.size(0), weight.size(0), x.size(2), x.size(3)},
                             x.options().memory_format(at::MemoryFormat::ChannelsLast));
  const kernels::Convolution whole{.input = x.const_data_ptr<float>(),
                                   .height = x.size(2),
                                   .width = x.size(3),
                                   .in_channels = x.size(1),
                                   .out_channels = weight.size(0),
                                   .relu = relu,
                                   .weights = packed.const_data_ptr<float>(),
                                   .bias = data_or_null(bias),
                                   .residual = data_or_null(residual),
                                   .out = out.mutable_data_ptr<float>()};
  const at::Tensor scratch = at::empty({at::get_num_threads(), kernel.winograd_scratch_floats(whole)},
                                       x.options().memory_format(at::MemoryFormat::Contiguous));
  const std::int64_t groups = (tiles + kernel.winograd_group - 1) / kernel.winograd_group;
  at::parallel_for(0, x.size(0) * groups, 1, [&](std::int64_t begin, std::int64_t end) {
    float* const own_scratch = scratch.mutable_data_ptr<float>() + at::get_thread_num() * scratch.size(1);
    while (begin < end) {
      const std::int64_t image = begin / groups;
      const std::int64_t last = std::min(end, (image + 1) * groups);
      kernels::Convolution job = whole;
      job.input += image * x.stride(0);
      job.out += image * out.stride(0);
      if (residual) job.residual += image * residual->stride(0);
      kernel.winograd(job, begin % groups * kernel.winograd_group,
                      std::min((last - image * groups) * kernel.winograd_group, tiles), own_scratch);
      begin = last;
    }
  });
  return out;
}

}  // namespace da3::engine
