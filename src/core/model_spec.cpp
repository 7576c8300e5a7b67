// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <da3/model_spec.hpp>

#include <core/names.hpp>

namespace da3 {
namespace {

constexpr core::NameTable<DepthKind, 4> kDepthKinds{{{DepthKind::kRelative, "relative"},
                                                     {DepthKind::kInverse, "inverse"},
                                                     {DepthKind::kMetric, "metric"},
                                                     {DepthKind::kCanonical, "canonical"}}};
constexpr core::NameTable<WeightsOrigin, 3> kOrigins{{{WeightsOrigin::kPublished, "published"},
                                                      {WeightsOrigin::kSynthetic, "synthetic"},
                                                      {WeightsOrigin::kForeign, "foreign"}}};
constexpr core::NameTable<ResizeMethod, 4> kResizeMethods{
    {{ResizeMethod::kUpperBoundResize, "upper_bound_resize"},
     {ResizeMethod::kUpperBoundCrop, "upper_bound_crop"},
     {ResizeMethod::kLowerBoundResize, "lower_bound_resize"},
     {ResizeMethod::kLowerBoundCrop, "lower_bound_crop"}}};

}  // namespace

std::string_view to_string(DepthKind kind) {
  return core::name_of(kDepthKinds, kind);
}
std::string_view to_string(WeightsOrigin origin) {
  return core::name_of(kOrigins, origin);
}
std::string_view to_string(ResizeMethod method) {
  return core::name_of(kResizeMethods, method);
}
DepthKind parse_depth_kind(std::string_view text) {
  return core::value_of(kDepthKinds, "kind of depth", text);
}
WeightsOrigin parse_weights_origin(std::string_view text) {
  return core::value_of(kOrigins, "origin of weights", text);
}
ResizeMethod parse_resize_method(std::string_view text) {
  return core::value_of(kResizeMethods, "resize method", text);
}

}  // namespace da3
