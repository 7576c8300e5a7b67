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

const kernels::ConvolutionKernels& kernels_of(ConvolutionFactors factors) {
  const kernels::Kernels* const found = kernels::kernels();
  const kernels::ConvolutionKernels* const convolution = factors == ConvolutionFactors::kInt16
                                                             ? kernels::int16_convolutions()
                                                         : found != nullptr ? &found->convolution
                                                                            : nullptr;
  TORCH_CHECK(convolution != nullptr, "da3 has no such kernels for this processor");
  return *convolution;
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
  const std::int64_t floats = convolution_kernels(packed).packed_floats(weight.size(1), weight.size(0));
  TORCH_CHECK(packed.is_contiguous() && packed.numel() == floats,
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

std::int64_t num_tiles(std::int64_t height, std::int64_t width) {
  return (height + kTileSide - 1) / kTileSide * ((width + kTileSide - 1) / kTileSide);
}

const float* floats_of(const at::Tensor& packed) {
  return static_cast<const float*>(packed.const_data_ptr());
}

const float* data_or_null(const std::optional<at::Tensor>& tensor) {
  return tensor ? tensor->const_data_ptr<float>() : nullptr;
}

}  // namespace

const kernels::ConvolutionKernels& convolution_kernels(const at::Tensor& packed) {
  const bool codes = packed.scalar_type() == at::kInt;
  TORCH_CHECK(codes || packed.scalar_type() == at::kFloat, "packed: not from pack_winograd");
  return kernels_of(codes ? ConvolutionFactors::kInt16 : ConvolutionFactors::kFloat);
}

at::Tensor pack_winograd(const at::Tensor& weight, ConvolutionFactors factors) {
  WinogradPacking packing;
  at::Tensor packed = packing.add(weight, factors);
  packing.finish();
  return packed;
}

at::Tensor WinogradPacking::add(const at::Tensor& weight, ConvolutionFactors factors) {
  const bool fits = weight.device().is_cpu() && weight.scalar_type() == at::kFloat && weight.dim() == 4 &&
                    weight.size(0) % kConv3ChannelMultiple == 0 &&
                    weight.size(1) % kConv3ChannelMultiple == 0 && weight.size(2) == 3 &&
                    weight.size(3) == 3 && weight.numel() > 0;
  TORCH_CHECK(fits, "weight: expected float32 (K, C, 3, 3) with K and C multiples of ", kConv3ChannelMultiple,
              ", got ", weight.sizes());
  const auto type = factors == ConvolutionFactors::kInt16 ? at::kInt : at::kFloat;
  at::Tensor packed = at::empty({kernels_of(factors).packed_floats(weight.size(1), weight.size(0))}, type);
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
  for (std::size_t i = next_++; i < jobs_.size(); i = next_++) {
    const auto& [weight, packed] = jobs_[i];
    const kernels::ConvolutionKernels& kernel = convolution_kernels(packed);
    const at::Tensor rows = weight.contiguous(at::MemoryFormat::ChannelsLast);
    const std::int64_t out = weight.size(0);
    for (std::int64_t panel = 0; panel < (out + kernel.panel - 1) / kernel.panel; ++panel) {
      kernel.pack(rows.const_data_ptr<float>(), weight.size(1), out, panel,
                  static_cast<float*>(packed.mutable_data_ptr()));
    }
  }
}

at::Tensor conv3(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& packed,
                 const std::optional<at::Tensor>& bias, bool relu,
                 const std::optional<at::Tensor>& residual) {
  check(x, weight, packed, bias, residual);
  const std::int64_t tiles = num_tiles(x.size(2), x.size(3));
  if (tiles < kFewestWinogradTiles) return libtorch_conv3(x, weight, bias, relu, residual);
  const kernels::ConvolutionKernels& kernel = convolution_kernels(packed);
  at::Tensor out = at::empty({x.size(0), weight.size(0), x.size(2), x.size(3)},
                             x.options().memory_format(at::MemoryFormat::ChannelsLast));
  const kernels::Convolution whole{.input = x.const_data_ptr<float>(),
                                   .height = x.size(2),
                                   .width = x.size(3),
                                   .in_channels = x.size(1),
                                   .out_channels = weight.size(0),
                                   .relu = relu,
                                   .weights = floats_of(packed),
                                   .bias = data_or_null(bias),
                                   .residual = data_or_null(residual),
                                   .out = out.mutable_data_ptr<float>()};
  const at::Tensor scratch = at::empty({at::get_num_threads(), kernel.scratch_floats(whole)},
                                       x.options().memory_format(at::MemoryFormat::Contiguous));
  const std::int64_t groups = (tiles + kernel.group - 1) / kernel.group;
  at::parallel_for(0, x.size(0) * groups, 1, [&](std::int64_t begin, std::int64_t end) {
    float* const own_scratch = scratch.mutable_data_ptr<float>() + at::get_thread_num() * scratch.size(1);
    while (begin < end) {
      const std::int64_t image = begin / groups;
      const std::int64_t last = std::min(end, (image + 1) * groups);
      kernels::Convolution job = whole;
      job.input += image * x.stride(0);
      job.out += image * out.stride(0);
      if (residual) job.residual += image * residual->stride(0);
      kernel.convolve(job, begin % groups * kernel.group,
                      std::min((last - image * groups) * kernel.group, tiles), own_scratch);
      begin = last;
    }
  });
  return out;
}

at::Tensor conv3_upsampled(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& packed,
                           const std::optional<at::Tensor>& bias, std::int64_t height, std::int64_t width) {
  check(x, weight, packed, bias, std::nullopt);
  TORCH_CHECK(height > 0 && width > 0, "expected a height and a width, got ", height, " and ", width);
  if (num_tiles(height, width) < kFewestWinogradTiles)
    return at::conv2d(at::upsample_bilinear2d(x, {height, width}, true), weight, bias, 1, 1);
  const kernels::ConvolutionKernels& kernel = convolution_kernels(packed);
  const std::int64_t channels = x.size(1);
  const std::int64_t outputs = weight.size(0);
  at::Tensor out = at::empty({x.size(0), outputs, height, width},
                             x.options().memory_format(at::MemoryFormat::ChannelsLast));
  const at::Tensor scratch =
      at::empty({at::get_num_threads(), kernel.upsampled_scratch_floats(channels, outputs)},
                x.options().memory_format(at::MemoryFormat::Contiguous));
  const std::int64_t across = (width + kernel.tile_columns - 1) / kernel.tile_columns;
  const std::int64_t tiles = (height + kernel.tile_rows - 1) / kernel.tile_rows * across;
  at::parallel_for(0, x.size(0) * tiles, 1, [&](std::int64_t begin, std::int64_t end) {
    float* const own_scratch = scratch.mutable_data_ptr<float>() + at::get_thread_num() * scratch.size(1);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t image = i / tiles;
      const kernels::UpsampledConvolution job{
          .source = {.input = x.const_data_ptr<float>() + image * x.stride(0),
                     .in_height = x.size(2),
                     .in_width = x.size(3),
                     .channels = channels,
                     .out_height = height,
                     .out_width = width},
          .out_channels = outputs,
          .weights = floats_of(packed),
          .bias = data_or_null(bias),
          .out = out.mutable_data_ptr<float>() + image * out.stride(0)};
      kernel.convolve_upsampled(job, i % tiles / across * kernel.tile_rows,
                                i % tiles % across * kernel.tile_columns, own_scratch);
    }
  });
  return out;
}

}  // namespace da3::engine
