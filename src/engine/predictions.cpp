// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <engine/predictions.hpp>

namespace da3::engine {
namespace {

[[noreturn]] void invalid(const ModelSpec& spec, const std::string& key, const std::string& what) {
  throw Error(ErrorCode::kPredictionInvalid, "Model " + spec.name + ": output \"" + key + "\" " + what);
}

void check_size(Size size, const ModelSpec& spec) {
  if (spec.fixed_size) {
    const Size only{(*spec.fixed_size)[0], (*spec.fixed_size)[1]};
    if (size == only) return;
    throw Error(ErrorCode::kUsage, "Model " + spec.name + " takes pictures of " + core::size_text(only) +
                                       " only, not " + core::size_text(size));
  }
  if (size.height > 0 && size.width > 0 && size.height % spec.patch == 0 && size.width % spec.patch == 0)
    return;
  throw Error(ErrorCode::kUsage, "Model " + spec.name + " takes sides that are multiples of " +
                                     std::to_string(spec.patch) + ", not " + core::size_text(size));
}

void check_outputs(const predict::Wanted& wanted, const ModelSpec& spec) {
  const std::pair<bool, const char*> all[] = {
      {wanted.confidence, "depth_conf"}, {wanted.sky, "sky"}, {wanted.pose, "pose"}};
  for (const auto& [is_wanted, name] : all) {
    if (is_wanted && !spec.has_output(name)) {
      throw Error(ErrorCode::kUsage, "Model " + spec.name + " has no output \"" + name + "\"");
    }
  }
}

void check_parts(const predict::Request& request, const ModelSpec& spec, const Parts& parts) {
  const auto need = [&](bool wanted, bool is_here, const std::string& what) {
    if (wanted && !is_here)
      throw Error(ErrorCode::kUsage, "Model " + spec.name + " was loaded without " + what);
  };
  need(request.wanted.pose, parts.cameras, "its camera decoder");
  need(request.wanted.rays, parts.rays, "its ray head");
  need(request.wanted.gaussians, parts.gaussians, "its Gaussian head");
  need(!request.cameras.empty(), parts.camera_encoder, "its camera encoder");
  if (request.cameras.empty()) return;
  const std::size_t numbers = static_cast<std::size_t>(request.scenes) *
                              static_cast<std::size_t>(request.views) * predict::kCameraNumbers;
  if (request.cameras.size() != numbers) {
    throw Error(ErrorCode::kUsage, "A request with cameras of " + std::to_string(numbers) + " numbers has " +
                                       std::to_string(request.cameras.size()));
  }
  if (request.reference) {
    throw Error(ErrorCode::kUsage, "With given cameras the first view is the reference; it cannot be chosen");
  }
}

/// Index of the first value that is not finite, or the size. x - x is 0 for finite x only; summing keeps the
/// common case free of branches.
std::size_t first_not_finite(const std::vector<float>& values) {
  float sum = 0;
  for (const float value : values) sum += value - value;
  if (sum == 0) return values.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) return i;
  }
  return values.size();
}

/// Below three views nothing is chosen.
bool tells_reference(const predict::Request& request) {
  constexpr int kFewest = 3;
  return request.reference && request.views >= kFewest;
}

std::string layer_name(int layer) {
  return "layer" + std::to_string(layer);
}

/// Outputs that a request wants, by their names in the module.
std::vector<std::string> wanted_outputs(const predict::Wanted& wanted, const ModelSpec& spec) {
  std::vector<std::string> names{"depth"};
  if (wanted.confidence) names.emplace_back("depth_conf");
  if (wanted.sky) names.emplace_back("sky");
  if (wanted.pose) names.insert(names.end(), {"extrinsics", "intrinsics"});
  if (wanted.rays) names.emplace_back("rays");
  if (wanted.gaussians) names.emplace_back("gaussians");
  if (spec.network_id == "da3-nested") {
    if (wanted.rays || wanted.gaussians) names.emplace_back("scale");
    if (wanted.gaussians) names.emplace_back("relative_depth");
    if (wanted.rays) names.insert(names.end(), {"scale_shares", "far"});
  }
  for (const int layer : wanted.layers) names.push_back(layer_name(layer));
  return names;
}

constexpr std::int64_t kAny = -1;

std::vector<std::int64_t> shape_of(const std::string& key, const predict::Request& request,
                                   const ModelSpec& spec) {
  const std::int64_t B = request.scenes;
  const std::int64_t S = request.views;
  const auto [height, width] = request.size;
  if (key == "extrinsics") return {B, S, 3, 4};
  if (key == "intrinsics") return {B, S, 3, 3};
  if (key == "scale" || key == "far") return {B};
  if (key == "scale_shares") return {B, S};
  if (key == "gaussians") return {B, S, height, width, predict::kGaussianNumbers};
  if (key == "rays") {
    constexpr std::int64_t kRaysPerPatch = 8;
    // Other networks have as many as they like.
    if (spec.network_id.empty()) return {B, S, kAny, kAny, predict::kRayNumbers};
    return {B, S, kRaysPerPatch * (height / spec.patch), kRaysPerPatch * (width / spec.patch),
            predict::kRayNumbers};
  }
  if (key.starts_with("layer")) return {B, S, std::int64_t{height / spec.patch} * (width / spec.patch), kAny};
  return {B, S, height, width};
}

bool has_shape(at::IntArrayRef found, at::IntArrayRef expected) {
  return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                    [](std::int64_t a, std::int64_t b) { return b == kAny || a == b; });
}

at::Tensor select(const c10::impl::GenericDict& outputs, const std::string& key, at::IntArrayRef shape,
                  const ModelSpec& spec) {
  const auto found = outputs.find(key);
  if (found == outputs.end() && key.starts_with("layer")) {
    throw Error(ErrorCode::kUsage,
                "Model " + spec.name + " has no block " + key.substr(5) + " whose output can be had; " +
                    (spec.network_id.empty() ? "its method scene gives none of the name \"" + key + "\""
                                             : "they count from 0"));
  }
  if (found == outputs.end()) invalid(spec, key, "is missing");
  const at::Tensor output = found->value().toTensor();
  if (!output.defined() || !has_shape(output.sizes(), shape) || !output.is_floating_point()) {
    std::ostringstream what;
    what << "must be floating point of shape " << shape << ", found ";
    output.defined() ? what << output.scalar_type() << " of shape " << output.sizes() : what << "nothing";
    invalid(spec, key, what.str());
  }
  if (key == "rays" && output.size(2) * output.size(3) < predict::kFewestRays) {
    invalid(spec, key,
            "has " + std::to_string(output.size(2) * output.size(3)) + " rays a view, fewer than " +
                std::to_string(predict::kFewestRays) + ", which are no camera");
  }
  return output.to(at::kFloat).contiguous();
}

/// (B) the views that the network took as references; none where a network that da3 does not know keeps them
/// to itself.
std::optional<at::Tensor> select_references(const c10::impl::GenericDict& outputs,
                                            const predict::Request& request, const ModelSpec& spec) {
  const auto found = outputs.find("reference");
  if (found == outputs.end()) {
    if (spec.network_id.empty()) return std::nullopt;
    invalid(spec, "reference", "is missing");
  }
  const at::Tensor output = found->value().toTensor();
  if (!output.defined() || output.dim() != 1 || output.size(0) != request.scenes || output.is_complex()) {
    invalid(spec, "reference",
            "must be a view's number for each of " + std::to_string(request.scenes) + " scenes");
  }
  return output.to(at::kFloat).contiguous();
}

/// Others cannot be written where cameras are read again.
void check_intrinsics(const std::vector<float>& intrinsics, const ModelSpec& spec) {
  constexpr std::size_t kNumbers = 9;
  for (std::size_t i = 0; i + kNumbers <= intrinsics.size(); i += kNumbers) {
    const float* const k = intrinsics.data() + i;
    if (k[3] == 0 && k[6] == 0 && k[7] == 0 && k[8] == 1) continue;
    invalid(spec, "intrinsics",
            "of view " + std::to_string(i / kNumbers) + " is not [fx s cx; 0 fy cy; 0 0 1]");
  }
}

int reference_view(float value, const predict::Request& request, const ModelSpec& spec) {
  if (value >= 0 && value < static_cast<float>(request.views) && value == std::floor(value))
    return static_cast<int>(value);
  invalid(spec, "reference",
          "is " + std::to_string(value) + ", not one of " + std::to_string(request.views) + " views");
}

std::vector<float> finite_values(const at::Tensor& host, const std::string& key, const ModelSpec& spec) {
  std::vector<float> values(static_cast<std::size_t>(host.numel()));
  std::memcpy(values.data(), host.const_data_ptr<float>(), values.size() * sizeof(float));
  if (const std::size_t at = first_not_finite(values); at != values.size()) {
    invalid(spec, key,
            "is " + std::to_string(values[at]) + " at element " + std::to_string(at) + " of " +
                std::to_string(values.size()) + "; another precision or attention mode may help");
  }
  return values;
}

}  // namespace

void check_request(const predict::Request& request, const ModelSpec& spec, const Parts& parts) {
  check_size(request.size, spec);
  check_outputs(request.wanted, spec);
  check_parts(request, spec, parts);
  const std::size_t bytes = request.size.area() * 3;
  const auto count = static_cast<std::size_t>(request.scenes) * static_cast<std::size_t>(request.views);
  if (request.reference &&
      (*request.reference < predict::kSaddleSimRange || *request.reference >= request.views)) {
    throw Error(ErrorCode::kUsage, "reference view " + std::to_string(*request.reference) + " of " +
                                       std::to_string(request.views) +
                                       " views does not exist; they count from 0");
  }
  if (request.scenes < 1 || request.views < 1 || request.pictures.size() != count) {
    throw Error(ErrorCode::kUsage, "A request of " + std::to_string(request.scenes) + " scenes of " +
                                       std::to_string(request.views) + " views has " +
                                       std::to_string(request.pictures.size()) + " pictures");
  }
  for (const auto& picture : request.pictures) {
    if (picture.size() == bytes) continue;
    throw Error(ErrorCode::kUsage, "A picture of " + core::size_text(request.size) + " has " +
                                       std::to_string(bytes) + " bytes (RGB), not " +
                                       std::to_string(picture.size()));
  }
}

std::vector<at::Tensor> select_outputs(const c10::IValue& outputs, const predict::Request& request,
                                       const ModelSpec& spec) {
  const auto dictionary = outputs.toGenericDict();
  std::vector<at::Tensor> selected;
  for (const std::string& key : wanted_outputs(request.wanted, spec)) {
    selected.push_back(select(dictionary, key, shape_of(key, request, spec), spec));
  }
  if (tells_reference(request)) {
    if (const auto references = select_references(dictionary, request, spec)) selected.push_back(*references);
  }
  return selected;
}

predict::Result take_predictions(const std::vector<at::Tensor>& outputs, const predict::Request& request,
                                 const ModelSpec& spec) {
  predict::Result result;
  result.size = request.size;
  const std::map<std::string, std::vector<float>*> places{{"depth", &result.depth},
                                                          {"depth_conf", &result.confidence},
                                                          {"sky", &result.sky},
                                                          {"extrinsics", &result.extrinsics},
                                                          {"intrinsics", &result.intrinsics},
                                                          {"rays", &result.rays},
                                                          {"gaussians", &result.gaussians},
                                                          {"scale", &result.scales},
                                                          {"relative_depth", &result.relative_depth},
                                                          {"scale_shares", &result.scale_shares},
                                                          {"far", &result.far}};
  const std::vector<std::string> names = wanted_outputs(request.wanted, spec);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto place = places.find(names[i]);
    std::vector<float> values = finite_values(outputs.at(i), names[i], spec);
    if (names[i] == "rays")
      result.rays_size = {static_cast<int>(outputs[i].size(2)), static_cast<int>(outputs[i].size(3))};
    if (place == places.end()) {
      result.layers.push_back(std::move(values));
    } else {
      *place->second = std::move(values);
    }
  }
  check_intrinsics(result.intrinsics, spec);
  if (outputs.size() > names.size()) {
    for (const float view : finite_values(outputs.back(), "reference", spec))
      result.references.push_back(reference_view(view, request, spec));
  }
  return result;
}

}  // namespace da3::engine
