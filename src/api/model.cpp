// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <da3/model.hpp>

#include <engine/engine.hpp>
#include <image/preprocess.hpp>
#include <infer/depth_model.hpp>

namespace da3 {
namespace {

image::ResizePolicy policy_of(const ModelSpec& spec, const PredictOptions& options) {
  image::ResizePolicy policy{spec.process_res, spec.patch, spec.resize_method};
  policy.process_res = options.process_res.value_or(policy.process_res);
  policy.method = options.resize_method.value_or(policy.method);
  const bool crops =
      policy.method == ResizeMethod::kUpperBoundCrop || policy.method == ResizeMethod::kLowerBoundCrop;
  if (crops && !spec.fixed_size && !options.at_model_size) {
    throw Error(ErrorCode::kUsage,
                "a crop does not cover the photo; set at_model_size or another resize_method");
  }
  return policy;
}

Image network_input(const Image& photo, const ModelSpec& spec, const image::ResizePolicy& policy) {
  if (photo.size.height <= 0 || photo.size.width <= 0 || photo.rgb.size() != photo.size.area() * 3) {
    throw Error(ErrorCode::kUsage,
                "a photo of " + std::to_string(photo.size.height) + " x " + std::to_string(photo.size.width) +
                    " pixels needs 3 bytes a pixel, found " + std::to_string(photo.rgb.size()) + " bytes");
  }
  if (spec.fixed_size) return image::preprocess_fixed(photo, {(*spec.fixed_size)[0], (*spec.fixed_size)[1]});
  return image::preprocess(photo, policy);
}

// Picture `index` of an output (B, 1, H, W).
DepthMap map_of(const std::vector<float>& values, std::size_t index, Size size) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(index * size.area());
  return {size, {begin, begin + static_cast<std::ptrdiff_t>(size.area())}};
}

// metres = canonical * focal length in processed pixels / 300 (the original's metric head).
void make_metric(Prediction& prediction, double focal_px, Size photo, Size processed) {
  const double scale = (static_cast<double>(processed.width) / photo.width +
                        static_cast<double>(processed.height) / photo.height) /
                       2;
  const auto factor = static_cast<float>(focal_px * scale / 300.0);
  for (float& value : prediction.depth.values) value *= factor;
  prediction.kind = DepthKind::kMetric;
}

}  // namespace

struct Model::State {
  std::unique_ptr<infer::DepthModel> network;
  std::mutex one_forward;

  // Forwards a batch of inputs of one size; halves it when memory runs out.
  void forward(std::span<const Image> photos, std::span<const Image> inputs,
               std::span<const std::size_t> which, const PredictOptions& options,
               std::vector<Prediction>& results);
};

Model::Model(std::unique_ptr<State> state) : state_(std::move(state)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::load(const std::filesystem::path& file, const ModelOptions& options) {
  engine::LoadOptions load;
  load.device = options.device.value_or(engine::available_devices().front());
  load.precision = options.precision;
  load.attention = options.attention;
  load.threads = options.threads;
  auto state = std::make_unique<State>();
  state->network = engine::load_model(file, load);
  return Model(std::move(state));
}

const ModelSpec& Model::spec() const {
  return state_->network->spec();
}
DeviceId Model::device() const {
  return state_->network->device();
}
Precision Model::precision() const {
  return state_->network->precision();
}
Attention Model::attention() const {
  return state_->network->attention();
}

Prediction Model::predict(const Image& photo, const PredictOptions& options) const {
  return std::move(predict(std::span(&photo, 1), options).front());
}

std::vector<Prediction> Model::predict(std::span<const Image> photos, const PredictOptions& options) const {
  const image::ResizePolicy policy = policy_of(spec(), options);
  std::vector<Image> inputs;
  inputs.reserve(photos.size());
  std::map<Size, std::vector<std::size_t>> by_size;
  for (std::size_t i = 0; i < photos.size(); ++i) {
    inputs.push_back(network_input(photos[i], spec(), policy));
    by_size[inputs.back().size].push_back(i);
  }
  const int usual = device().kind == DeviceKind::kCpu ? 1 : 8;
  const auto most = static_cast<std::size_t>(options.max_batch > 0 ? options.max_batch : usual);
  std::vector<Prediction> results(photos.size());
  const std::scoped_lock lock(state_->one_forward);
  for (const auto& [size, which] : by_size) {
    for (std::size_t at = 0; at < which.size(); at += most) {
      const auto batch = std::span(which).subspan(at, std::min(most, which.size() - at));
      state_->forward(photos, inputs, batch, options, results);
    }
  }
  return results;
}

void Model::State::forward(std::span<const Image> photos, std::span<const Image> inputs,
                           std::span<const std::size_t> which, const PredictOptions& options,
                           std::vector<Prediction>& results) {
  infer::Request request;
  request.scenes = static_cast<int>(which.size());
  request.size = inputs[which.front()].size;
  const ModelSpec& spec = network->spec();
  request.wanted.confidence = options.confidence && spec.has_output("depth_conf");
  request.wanted.sky = options.sky && spec.has_output("sky");
  for (const std::size_t i : which) request.pictures.emplace_back(inputs[i].rgb);
  infer::Result result;
  try {
    result = network->predict(request);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kOutOfMemory || which.size() == 1) throw;
    forward(photos, inputs, which.first(which.size() / 2), options, results);
    forward(photos, inputs, which.subspan(which.size() / 2), options, results);
    return;
  }
  for (std::size_t b = 0; b < which.size(); ++b) {
    const Size photo = photos[which[b]].size;
    const Size size = options.at_model_size ? result.size : photo;
    Prediction& prediction = results[which[b]];
    prediction.kind = spec.depth_kind;
    prediction.depth = image::resize_map(map_of(result.depth, b, result.size), size);
    if (request.wanted.confidence) {
      prediction.confidence = image::resize_map(map_of(result.confidence, b, result.size), size);
    }
    if (request.wanted.sky) prediction.sky = image::resize_map(map_of(result.sky, b, result.size), size);
    if (spec.depth_kind == DepthKind::kCanonical && options.focal_px) {
      make_metric(prediction, *options.focal_px, photo, result.size);
    }
  }
}

}  // namespace da3
