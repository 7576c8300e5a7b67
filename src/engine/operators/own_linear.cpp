// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <engine/kernels/kernels.hpp>
#include <engine/operators/own_linear.hpp>

namespace da3::engine {
namespace {

bool is_plain(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() > 0 && x.is_contiguous();
}

void check(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  TORCH_CHECK(kernels::kernels() != nullptr, "da3 has no kernels for this processor");
  TORCH_CHECK(is_plain(x), "x: expected contiguous float32 on the CPU, got ", x.toString(), " ", x.sizes());
  TORCH_CHECK(is_plain(weight) && weight.dim() == 2 && weight.size(1) == x.size(-1),
              "weight: expected contiguous float32 (N, ", x.size(-1), "), got ", weight.sizes());
  const bool bias_fits = !bias || (is_plain(*bias) && bias->numel() == weight.size(0));
  TORCH_CHECK(bias_fits, "bias: expected (", weight.size(0), "), got ", bias->sizes());
}

/// A layer's product over the rows of x, into out or added to it.
void multiply(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias, bool gelu,
              bool add, at::Tensor& out) {
  const kernels::Kernels& kernel = *kernels::kernels();
  const kernels::Linear linear{.inputs = x.const_data_ptr<float>(),
                               .weights = weight.const_data_ptr<float>(),
                               .bias = bias ? bias->const_data_ptr<float>() : nullptr,
                               .rows = x.numel() / x.size(-1),
                               .depth = weight.size(1),
                               .outputs = weight.size(0),
                               .gelu = gelu,
                               .add = add,
                               .out = out.mutable_data_ptr<float>()};
  const std::int64_t panels = (linear.outputs + kernel.panel - 1) / kernel.panel;
  const std::int64_t tiles = (linear.rows + kernel.linear_rows - 1) / kernel.linear_rows;
  const std::int64_t parts = std::min(tiles, linear_row_parts(panels, at::get_num_threads()));
  const at::Tensor scratch =
      at::empty({at::get_num_threads(), kernel.linear_scratch_floats(linear.depth)}, x.options());
  at::parallel_for(0, parts * panels, 1, [&](std::int64_t begin, std::int64_t end) {
    float* const own_scratch = scratch.mutable_data_ptr<float>() + at::get_thread_num() * scratch.size(1);
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t part = task / panels;
      kernel.linear(linear, tiles * part / parts * kernel.linear_rows,
                    std::min(linear.rows, tiles * (part + 1) / parts * kernel.linear_rows), task % panels,
                    own_scratch);
    }
  });
}

bool suits(const at::Tensor& x, const at::Tensor& weight) {
  return x.numel() / std::max<std::int64_t>(x.size(-1), 1) >= kFewestLinearRows &&
         weight.size(0) % kLinearOutputs == 0;
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                  bool gelu) {
  check(x, weight, bias);
  if (!suits(x, weight)) {
    const at::Tensor result = at::linear(x, weight, bias);
    return gelu ? at::gelu(result) : result;
  }
  std::vector<std::int64_t> sizes = x.sizes().vec();
  sizes.back() = weight.size(0);
  at::Tensor out = at::empty(sizes, x.options());
  multiply(x, weight, bias, gelu, false, out);
  return out;
}

at::Tensor& linear_add(at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight,
                       const std::optional<at::Tensor>& bias) {
  check(x, weight, bias);
  const bool fits = is_plain(residual) && residual.size(-1) == weight.size(0) &&
                    residual.numel() / residual.size(-1) == x.numel() / x.size(-1);
  TORCH_CHECK(fits, "residual: expected contiguous float32 with a row for each of x and ", weight.size(0),
              " columns, got ", residual.sizes());
  if (!suits(x, weight)) return residual.add_(at::linear(x, weight, bias).view_as(residual));
  multiply(x, weight, bias, false, true, residual);
  return residual;
}

std::int64_t linear_row_parts(std::int64_t panels, std::int64_t threads) {
  for (std::int64_t parts = 1; parts < threads; ++parts) {
    if (threads % parts == 0 && panels % (threads / parts) == 0) return parts;
  }
  return threads;
}

}  // namespace da3::engine
