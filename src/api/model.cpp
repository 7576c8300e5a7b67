// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include <da3/model.hpp>

#include <api/shared_model.hpp>
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

// Picture `index` of an output (B, S, H, W).
DepthMap map_of(const std::vector<float>& values, std::size_t index, Size size) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(index * size.area());
  return {size, {begin, begin + static_cast<std::ptrdiff_t>(size.area())}};
}

// metres = canonical * focal length in processed pixels / 300 (the original's metric head).
void make_metric(Prediction& prediction, double focal_px, const image::Scale& scale) {
  const auto factor = static_cast<float>(focal_px * (scale.x + scale.y) / 2 / 300.0);
  for (float& value : prediction.depth.values) value *= factor;
  prediction.kind = DepthKind::kMetric;
}

image::Scale scale_of(Size photo, Size processed, const ModelSpec& spec, const image::ResizePolicy& policy) {
  if (!spec.fixed_size) return image::processed_scale(photo, policy);
  return {static_cast<double>(processed.height) / photo.height,
          static_cast<double>(processed.width) / photo.width};
}

Camera camera_of(const infer::Result& result, std::size_t view, Size size) {
  Camera camera;
  const auto pick = [view](const std::vector<float>& from, auto& to) {
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(view * to.size()), to.size(), to.begin());
  };
  pick(result.extrinsics, camera.camera_from_world);
  pick(result.intrinsics, camera.intrinsics);
  const float scale_x = static_cast<float>(size.width) / static_cast<float>(result.size.width);
  const float scale_y = static_cast<float>(size.height) / static_cast<float>(result.size.height);
  for (std::size_t column = 0; column < 3; ++column) {
    camera.intrinsics[column] *= scale_x;
    camera.intrinsics[3 + column] *= scale_y;
  }
  return camera;
}

}  // namespace

struct Model::State {
  std::shared_ptr<infer::DepthModel> network;

  // Forwards a batch of inputs of one size; halves it when memory runs out.
  void forward(std::span<const Image> photos, std::span<const Image> inputs,
               std::span<const std::size_t> which, const PredictOptions& options,
               std::vector<Prediction>& results);

  infer::Wanted wanted(const PredictOptions& options) const;
  // Picture `index` of a result.
  Prediction prediction(const infer::Result& result, std::size_t index, Size photo,
                        const PredictOptions& options) const;
};

Model::Model(std::unique_ptr<State> state) : state_(std::move(state)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::load(const std::filesystem::path& file, const ModelOptions& options) {
  return ModelAccess::handle(api::load_shared(file, api::load_options(options)));
}

Model ModelAccess::handle(std::shared_ptr<infer::DepthModel> network) {
  auto state = std::make_unique<Model::State>();
  state->network = std::move(network);
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
  for (const auto& [size, which] : by_size) {
    for (std::size_t at = 0; at < which.size(); at += most) {
      const auto batch = std::span(which).subspan(at, std::min(most, which.size() - at));
      state_->forward(photos, inputs, batch, options, results);
    }
  }
  return results;
}

ScenePrediction Model::predict_scene(std::span<const Image> views, const PredictOptions& options) const {
  if (views.empty()) throw Error(ErrorCode::kUsage, "a scene needs at least one photo, found none");
  const image::ResizePolicy policy = policy_of(spec(), options);
  std::vector<Image> inputs;
  infer::Request request;
  for (const Image& view : views) {
    inputs.push_back(network_input(view, spec(), policy));
    const Size size = inputs.back().size;
    if (size != inputs.front().size) {
      throw Error(ErrorCode::kUsage, "the views of a scene must have one processed size; view 0 has " +
                                         std::to_string(inputs.front().size.width) + " x " +
                                         std::to_string(inputs.front().size.height) + ", view " +
                                         std::to_string(inputs.size() - 1) + " has " +
                                         std::to_string(size.width) + " x " + std::to_string(size.height) +
                                         "; crop them to one shape first");
    }
  }
  request.views = static_cast<int>(views.size());
  request.size = inputs.front().size;
  request.wanted = state_->wanted(options);
  request.wanted.pose = spec().has_output("pose");
  for (const Image& input : inputs) request.pictures.emplace_back(input.rgb);
  const infer::Result result = state_->network->predict(request);
  ScenePrediction scene;
  for (std::size_t i = 0; i < views.size(); ++i) {
    ViewPrediction view{state_->prediction(result, i, views[i].size, options), std::nullopt};
    if (request.wanted.pose) view.camera = camera_of(result, i, view.maps.depth.size);
    scene.views.push_back(std::move(view));
  }
  return scene;
}

infer::Wanted Model::State::wanted(const PredictOptions& options) const {
  const ModelSpec& spec = network->spec();
  return {.confidence = options.confidence && spec.has_output("depth_conf"),
          .sky = options.sky && spec.has_output("sky")};
}

Prediction Model::State::prediction(const infer::Result& result, std::size_t index, Size photo,
                                    const PredictOptions& options) const {
  const ModelSpec& spec = network->spec();
  const Size size = options.at_model_size ? result.size : photo;
  const auto map = [&](const std::vector<float>& values) {
    return image::resize_map(map_of(values, index, result.size), size);
  };
  Prediction prediction;
  prediction.kind = spec.depth_kind;
  prediction.depth = map(result.depth);
  if (!result.confidence.empty()) prediction.confidence = map(result.confidence);
  if (!result.sky.empty()) prediction.sky = map(result.sky);
  if (spec.depth_kind == DepthKind::kCanonical && options.focal_px) {
    make_metric(prediction, *options.focal_px, scale_of(photo, result.size, spec, policy_of(spec, options)));
  }
  return prediction;
}

void Model::State::forward(std::span<const Image> photos, std::span<const Image> inputs,
                           std::span<const std::size_t> which, const PredictOptions& options,
                           std::vector<Prediction>& results) {
  infer::Request request;
  request.scenes = static_cast<int>(which.size());
  request.size = inputs[which.front()].size;
  request.wanted = wanted(options);
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
    results[which[b]] = prediction(result, b, photos[which[b]].size, options);
  }
}

}  // namespace da3
