// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include <ATen/Config.h>
#include <ATen/Context.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <core/host/host_memory.hpp>
#include <engine/operators/onednn_linear.hpp>

namespace da3::engine {
namespace {

constexpr const char* kLinear = "mkldnn::_linear_pointwise";

}  // namespace

bool onednn_available() {
  return at::hasMKLDNN() && !core::address_space_is_limited() &&
         c10::Dispatcher::singleton().findSchema({kLinear, ""}).has_value();
}

at::Tensor onednn_linear(const at::Tensor& x, const at::Tensor& weight,
                         const std::optional<at::Tensor>& bias) {
  using Linear =
      at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                 c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
  static const auto linear = c10::Dispatcher::singleton().findSchemaOrThrow(kLinear, "").typed<Linear>();
  return linear.call(x, weight, bias, "none", c10::List<std::optional<at::Scalar>>(), "");
}

}  // namespace da3::engine
