// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <engine/kernels/kernels.hpp>
#include <engine/operators/own_convolution.hpp>
#include <engine/operators/own_linear.hpp>
#include <engine/operators/own_operators.hpp>

namespace da3::engine {
namespace {

constexpr std::int64_t kQueryBlocksPerTask = 4;
constexpr std::int64_t kGeluGrain = 16384;
constexpr std::int64_t kTokensPerTask = 16;

const kernels::Kernels& chosen() {
  const kernels::Kernels* found = kernels::kernels();
  TORCH_CHECK(found != nullptr, "da3 has no kernels for this processor");
  return *found;
}

void check_float_cpu(const at::Tensor& tensor, const char* name) {
  TORCH_CHECK(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat, name,
              ": expected float32 on the CPU, got ", tensor.toString());
}

void check_heads(const at::Tensor& tensor, const char* name) {
  check_float_cpu(tensor, name);
  TORCH_CHECK(tensor.dim() == 4 && tensor.stride(3) == 1 && tensor.size(3) % 32 == 0, name,
              ": expected (B, heads, N, d) with adjacent features, d a multiple of 32, got ", tensor.sizes());
}

/// What is added to every row of a product, or null.
const float* shift_data(const std::optional<at::Tensor>& shift, std::int64_t width) {
  if (!shift) return nullptr;
  check_float_cpu(*shift, "shift");
  TORCH_CHECK(shift->is_contiguous() && shift->numel() == width, "shift: expected (", width, "), got ",
              shift->sizes());
  return shift->const_data_ptr<float>();
}

/// Memory of one of the threads of a parallel_for.
float* scratch_of_thread(const at::Tensor& scratch) {
  return scratch.mutable_data_ptr<float>() + at::get_thread_num() * scratch.size(1);
}

at::Tensor attend(const kernels::AttentionKernels& kernel, const at::Tensor& q, const at::Tensor& k,
                  const at::Tensor& v) {
  check_heads(q, "q");
  check_heads(k, "k");
  check_heads(v, "v");
  TORCH_CHECK(
      k.sizes() == v.sizes() && q.size(0) == k.size(0) && q.size(1) == k.size(1) && q.size(3) == k.size(3),
      "q, k and v do not fit together: ", q.sizes(), ", ", k.sizes(), ", ", v.sizes());
  const std::int64_t heads = q.size(1);
  const std::int64_t num_queries = q.size(2);
  const std::int64_t num_keys = k.size(2);
  const std::int64_t dim = q.size(3);
  const std::int64_t all_heads = q.size(0) * heads;
  const std::int64_t packed = kernel.packed_floats(num_keys, dim);
  const std::int64_t threads = at::get_num_threads();
  // Heads that threads share evenly are packed where they are attended to: threads wait for each other once.
  const bool by_head = all_heads % threads == 0;
  at::Tensor keys = at::empty({by_head ? threads : all_heads, packed}, q.options());
  at::Tensor values = at::empty_like(keys);
  at::Tensor out = at::empty({q.size(0), num_queries, heads * dim}, q.options());
  const at::Tensor scratch = at::empty({threads, kernel.scratch_floats(dim)}, q.options());
  const std::int64_t rows_per_task = kQueryBlocksPerTask * kernel.query_block;
  const std::int64_t tasks_per_head = (num_queries + rows_per_task - 1) / rows_per_task;
  const float scale = 1.0F / std::sqrt(static_cast<float>(dim));
  const auto head_data = [&](const at::Tensor& t, std::int64_t head) {
    return t.const_data_ptr<float>() + head / heads * t.stride(0) + head % heads * t.stride(1);
  };
  const auto packed_at = [&](const at::Tensor& t, std::int64_t head) {
    return t.mutable_data_ptr<float>() + (by_head ? at::get_thread_num() : head) * packed;
  };
  const auto pack = [&](std::int64_t head) {
    kernel.pack_keys(head_data(k, head), k.stride(2), num_keys, dim, packed_at(keys, head));
    kernel.pack_values(head_data(v, head), v.stride(2), num_keys, dim, packed_at(values, head));
  };
  const auto attend_to = [&](std::int64_t head, std::int64_t first, std::int64_t last) {
    const kernels::AttentionHead job{
        .q = head_data(q, head),
        .out = out.mutable_data_ptr<float>() + head / heads * out.stride(0) + head % heads * dim,
        .keys = packed_at(keys, head),
        .values = packed_at(values, head),
        .q_stride = q.stride(2),
        .out_stride = heads * dim,
        .num_keys = num_keys,
        .head_dim = dim,
        .scale = scale};
    kernel.attend(job, first, last, scratch_of_thread(scratch));
  };
  const auto each_head = [&](const auto& work) {
    at::parallel_for(0, all_heads, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t head = begin; head < end; ++head) work(head);
    });
  };
  if (by_head) {
    each_head([&](std::int64_t head) {
      pack(head);
      attend_to(head, 0, num_queries);
    });
    return out;
  }
  each_head(pack);
  at::parallel_for(0, all_heads * tasks_per_head, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t first = task % tasks_per_head * rows_per_task;
      attend_to(task / tasks_per_head, first, std::min(first + rows_per_task, num_queries));
    }
  });
  return out;
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  return attend(chosen().attention, q, k, v);
}

at::Tensor attention_bf16(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const kernels::AttentionKernels* found = kernels::bf16_attention();
  TORCH_CHECK(found != nullptr, "da3 has no attention in bfloat16 for this processor");
  return attend(*found, q, k, v);
}

at::Tensor attention_int8(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const kernels::AttentionKernels* found = kernels::int8_attention();
  TORCH_CHECK(found != nullptr, "da3 has no attention in 8 bits for this processor");
  TORCH_CHECK(q.size(-1) % kernels::kInt8HeadMultiple == 0 && q.size(-1) <= 256,
              "q: expected d a multiple of ", kernels::kInt8HeadMultiple, ", got ", q.sizes());
  return attend(*found, q, k, v);
}

at::Tensor& norm_rotate(at::Tensor& qkv, const std::optional<at::Tensor>& shift, const at::Tensor& q_weight,
                        const at::Tensor& q_bias, const at::Tensor& k_weight, const at::Tensor& k_bias,
                        const at::Tensor& cos, const at::Tensor& sin) {
  check_float_cpu(qkv, "qkv");
  TORCH_CHECK(
      qkv.dim() == 5 && qkv.size(2) == 3 && qkv.is_contiguous() && qkv.size(4) % kRotatedMultiple == 0,
      "qkv: expected (B, N, 3, heads, d), contiguous, d a multiple of ", kRotatedMultiple, ", got ",
      qkv.sizes());
  const std::int64_t dim = qkv.size(4);
  for (const at::Tensor& each : {q_weight, q_bias, k_weight, k_bias}) {
    check_float_cpu(each, "norm");
    TORCH_CHECK(each.is_contiguous() && each.numel() == dim, "norm: expected (", dim, "), got ",
                each.sizes());
  }
  const std::int64_t tokens = qkv.size(1);
  for (const at::Tensor& each : {cos, sin}) {
    check_float_cpu(each, "table");
    TORCH_CHECK(each.is_contiguous() && each.numel() == tokens * dim, "table: expected (", tokens, ", 1, ",
                dim, "), got ", each.sizes());
  }
  const std::int64_t width = qkv.size(3) * dim;
  const float* const shifts = shift_data(shift, 3 * width);
  const auto heads = [&](const at::Tensor& weight, const at::Tensor& bias, const float* head_shifts) {
    return kernels::Heads{.num_heads = qkv.size(3),
                          .head_dim = dim,
                          .weight = weight.const_data_ptr<float>(),
                          .bias = bias.const_data_ptr<float>(),
                          .shift = head_shifts,
                          .epsilon = kHeadNormEpsilon};
  };
  const kernels::Kernels& kernel = chosen();
  const kernels::Heads queries = heads(q_weight, q_bias, shifts);
  const kernels::Heads keys = heads(k_weight, k_bias, shifts == nullptr ? nullptr : shifts + width);
  float* data = qkv.mutable_data_ptr<float>();
  at::parallel_for(0, qkv.size(0) * tokens, kTokensPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* const row_cos = cos.const_data_ptr<float>() + row % tokens * dim;
      const float* const row_sin = sin.const_data_ptr<float>() + row % tokens * dim;
      float* const x = data + row * qkv.stride(1);
      kernel.norm_rotate(queries, x, row_cos, row_sin);
      kernel.norm_rotate(keys, x + width, row_cos, row_sin);
      if (shifts != nullptr) kernel.add(x + 2 * width, shifts + 2 * width, width);
    }
  });
  return qkv;
}

void check_normed(const at::Tensor& x) {
  check_float_cpu(x, "x");
  const std::int64_t width = x.dim() > 0 ? x.size(-1) : 0;
  TORCH_CHECK(x.is_contiguous() && width > 0 && width % kernels::kNormedDepth == 0,
              "x: expected contiguous rows of a multiple of ", kernels::kNormedDepth, ", got ", x.sizes());
}

at::Tensor beside_norm(const at::Tensor& within, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& bias, double epsilon) {
  check_normed(x);
  check_normed(within);
  TORCH_CHECK(x.dim() == 3 && within.sizes() == x.sizes() && x.size(1) > 0,
              "within: expected (B, N, C) as x, got ", within.sizes(), " and ", x.sizes());
  const std::int64_t width = x.size(2);
  for (const at::Tensor* each : {&weight, &bias}) {
    check_float_cpu(*each, "norm");
    TORCH_CHECK(each->is_contiguous() && each->numel() == width, "norm: expected (", width, "), got ",
                each->sizes());
  }
  const kernels::Kernels& kernel = chosen();
  const std::int64_t tokens = x.size(1) - 1;
  at::Tensor out = at::empty({x.size(0), tokens, 2 * width}, x.options());
  at::parallel_for(0, x.size(0) * tokens, kTokensPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t from = (i / tokens * x.size(1) + i % tokens + 1) * width;
      float* const to = out.mutable_data_ptr<float>() + i * 2 * width;
      std::copy_n(within.const_data_ptr<float>() + from, width, to);
      kernel.put_normed(x.const_data_ptr<float>() + from, width, static_cast<float>(epsilon), to + width);
      kernel.scale_and_shift(to + width, weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), width);
    }
  });
  return out;
}

at::Tensor normed(const at::Tensor& x, double epsilon) {
  check_normed(x);
  const std::int64_t width = x.size(-1);
  const kernels::Kernels& kernel = chosen();
  at::Tensor out = at::empty_like(x);
  const float* const from = x.const_data_ptr<float>();
  float* const to = out.mutable_data_ptr<float>();
  at::parallel_for(0, x.numel() / width, kTokensPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      kernel.put_normed(from + row * width, width, static_cast<float>(epsilon), to + row * width);
  });
  return out;
}

at::Tensor& gelu(at::Tensor& x, const std::optional<at::Tensor>& shift) {
  check_float_cpu(x, "x");
  TORCH_CHECK(x.is_contiguous() && x.dim() > 0, "x: expected a contiguous tensor");
  const kernels::Kernels& kernel = chosen();
  const std::int64_t width = x.size(-1);
  const float* const shifts = shift_data(shift, width);
  float* data = x.mutable_data_ptr<float>();
  const std::int64_t rows = width == 0 ? 0 : x.numel() / width;
  at::parallel_for(0, rows, kGeluGrain / std::max<std::int64_t>(width, 1) + 1,
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t row = begin; row < end; ++row)
                       kernel.gelu(data + row * width, shifts, width);
                   });
  return x;
}

void check_tail(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& map,
                const at::Tensor& weight1, std::int64_t height, std::int64_t width) {
  check_float_cpu(x, "x");
  TORCH_CHECK(x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast) && x.size(1) % 16 == 0,
              "x: expected (B, C, h, w) in channels_last with C a multiple of 16, got ", x.sizes());
  TORCH_CHECK(packed.is_contiguous() && packed.numel() == convolution_kernels(packed).packed_floats(
                                                              x.size(1), kernels::kTailChannels),
              "packed: not from pack_winograd of this C");
  TORCH_CHECK(weight1.is_contiguous() && weight1.numel() % kernels::kTailChannels == 0,
              "weight1: expected (outputs, 32, 1, 1)");
  const bool map_fits = map.numel() == 0 ||
                        (map.is_contiguous() && map.numel() == 3 * (height + width) * kernels::kTailChannels);
  TORCH_CHECK(map_fits, "map: expected (", 3 * (height + width), ", 32), got ", map.sizes());
  TORCH_CHECK(height > 0 && width > 0 && x.numel() > 0, "nothing to compute");
}

at::Tensor depth_tail(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                      const at::Tensor& map, const at::Tensor& weight1, const at::Tensor& bias1,
                      std::int64_t height, std::int64_t width) {
  check_tail(x, packed, map, weight1, height, width);
  const kernels::ConvolutionKernels& kernel = convolution_kernels(packed);
  const std::int64_t channels = x.size(1);
  const std::int64_t outputs = weight1.numel() / kernels::kTailChannels;
  at::Tensor out =
      at::empty({x.size(0), outputs, height, width}, x.options().memory_format(at::MemoryFormat::Contiguous));
  const at::Tensor scratch =
      at::empty({at::get_num_threads(), kernel.tail_scratch_floats(channels)}, out.options());
  const std::int64_t tile_rows = kernel.tile_rows;
  const std::int64_t tile_columns = kernel.tail_tile_columns(channels);
  const std::int64_t across = (width + tile_columns - 1) / tile_columns;
  const std::int64_t tiles = (height + tile_rows - 1) / tile_rows * across;
  at::parallel_for(0, x.size(0) * tiles, 1, [&](std::int64_t begin, std::int64_t end) {
    kernels::DepthTail tail{.source = {.in_height = x.size(2),
                                       .in_width = x.size(3),
                                       .channels = channels,
                                       .out_height = height,
                                       .out_width = width},
                            .weights3 = static_cast<const float*>(packed.const_data_ptr()),
                            .bias3 = bias.const_data_ptr<float>(),
                            .map = map.numel() > 0 ? map.const_data_ptr<float>() : nullptr,
                            .weights1 = weight1.const_data_ptr<float>(),
                            .bias1 = bias1.const_data_ptr<float>(),
                            .num_outputs = outputs};
    for (std::int64_t i = begin; i < end; ++i) {
      tail.source.input = x.const_data_ptr<float>() + i / tiles * x.size(2) * x.size(3) * channels;
      tail.out = out.mutable_data_ptr<float>() + i / tiles * outputs * height * width;
      const std::int64_t tile = i % tiles;
      kernel.depth_tail(tail, tile / across * tile_rows, tile % across * tile_columns,
                        scratch_of_thread(scratch));
    }
  });
  return out;
}

at::Tensor pack_for_convolutions(const at::Tensor& weight, bool int16) {
  return pack_winograd(weight, int16 ? ConvolutionFactors::kInt16 : ConvolutionFactors::kFloat);
}

}  // namespace

bool own_operators_available() {
  return kernels::kernels() != nullptr;
}

bool bf16_attention_available() {
  return kernels::bf16_attention() != nullptr;
}

bool int8_attention_available() {
  return kernels::int8_attention() != nullptr;
}

}  // namespace da3::engine

TORCH_LIBRARY_FRAGMENT(da3, m) {
  m.def("attention(Tensor q, Tensor k, Tensor v) -> Tensor");
  m.def("attention_bf16(Tensor q, Tensor k, Tensor v) -> Tensor");
  m.def("attention_int8(Tensor q, Tensor k, Tensor v) -> Tensor");
  m.def(
      "norm_rotate_(Tensor(a!) qkv, Tensor? shift, Tensor q_weight, Tensor q_bias, Tensor k_weight, Tensor "
      "k_bias, Tensor cos, Tensor sin) -> Tensor(a!)");
  m.def("normed(Tensor x, float epsilon) -> Tensor");
  m.def("beside_norm(Tensor within, Tensor x, Tensor weight, Tensor bias, float epsilon) -> Tensor");
  m.def("gelu_(Tensor(a!) x, Tensor? shift=None) -> Tensor(a!)");
  m.def(
      "depth_tail(Tensor x, Tensor packed, Tensor bias, Tensor map, Tensor weight1, Tensor bias1, int "
      "height, int width) -> Tensor");
  m.def("pack_winograd(Tensor weight, bool int16=False) -> Tensor");
  m.def("conv3(Tensor x, Tensor weight, Tensor packed, Tensor? bias, bool relu, Tensor? residual) -> Tensor");
  m.def(
      "conv3_upsampled(Tensor x, Tensor weight, Tensor packed, Tensor? bias, int height, int width) -> "
      "Tensor");
  m.def("linear(Tensor x, Tensor weight, Tensor? bias, bool gelu=False) -> Tensor");
  m.def("linear_add_(Tensor(a!) residual, Tensor x, Tensor weight, Tensor? bias) -> Tensor(a!)");
}

TORCH_LIBRARY_IMPL(da3, CPU, m) {
  m.impl("attention", &da3::engine::attention);
  m.impl("attention_bf16", &da3::engine::attention_bf16);
  m.impl("attention_int8", &da3::engine::attention_int8);
  m.impl("norm_rotate_", &da3::engine::norm_rotate);
  m.impl("normed", &da3::engine::normed);
  m.impl("beside_norm", &da3::engine::beside_norm);
  m.impl("gelu_", &da3::engine::gelu);
  m.impl("depth_tail", &da3::engine::depth_tail);
  m.impl("pack_winograd", &da3::engine::pack_for_convolutions);
  m.impl("conv3", &da3::engine::conv3);
  m.impl("conv3_upsampled", &da3::engine::conv3_upsampled);
  m.impl("linear", &da3::engine::linear);
  m.impl("linear_add_", &da3::engine::linear_add);
}
