// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include <depth/way.hpp>
#include <predict/depth_model.hpp>

#include <da3/model.hpp>

#include <api/shared_model.hpp>
#include <core/text.hpp>

namespace da3 {
namespace {

depth::Way way_of(const ModelSpec& spec, const PredictOptions& options) {
  return depth::make_way(spec, {.process_res = options.process_res,
                                .resize_method = options.resize_method,
                                .focal_px = options.focal_px,
                                .hfov_deg = options.hfov_deg,
                                .at_model_size = options.at_model_size,
                                .raw = options.raw});
}

/// A caller's photo: its pixels and the focal length that came with it. Lifetime: the call.
struct Seen {
  const Image* image = nullptr;
  std::optional<codec::ExifFocal> focal;
};

Seen seen(const Image& image) {
  return {&image, std::nullopt};
}

Seen seen(const Photo* photo) {
  Seen result{&photo->image, std::nullopt};
  if (!photo->focal_px) return result;
  constexpr double kLongest = 1e5;  // Of the picture's side: no telescope's
  const double longest = kLongest * std::max(photo->image.size.height, photo->image.size.width);
  if (!(*photo->focal_px > 0 && *photo->focal_px <= longest)) {
    throw Error(ErrorCode::kUsage, "a photo's focal_px: expected pixels above 0 and at most " +
                                       core::exact_text(longest) + ", found " +
                                       core::exact_text(*photo->focal_px));
  }
  result.focal = codec::ExifFocal{*photo->focal_px, photo->focal_source};
  return result;
}

Seen seen(const Photo& photo) {
  return seen(&photo);
}

template <typename Each>
std::vector<Seen> all_seen(std::span<Each> photos) {
  std::vector<Seen> result;
  result.reserve(photos.size());
  for (const auto& photo : photos) result.push_back(seen(photo));
  return result;
}

}  // namespace

struct Model::State {
  std::shared_ptr<predict::DepthModel> network;

  std::vector<Prediction> predict(const std::vector<Seen>& photos, const PredictOptions& options);

  // Forwards a batch of inputs of one size; halves it when memory runs out.
  void forward(std::span<const Seen> photos, std::span<const Image> inputs,
               std::span<const std::size_t> which, const depth::Way& way, const PredictOptions& options,
               std::vector<Prediction>& results);

  predict::Wanted wanted(const PredictOptions& options) const;
  // Picture `index` of a result.
  Prediction prediction(const predict::Result& result, std::size_t index, const Seen& photo,
                        const depth::Way& way) const;
};

Model::Model(std::unique_ptr<State> state) : state_(std::move(state)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::load(const std::filesystem::path& file, const ModelOptions& options) {
  return ModelAccess::handle(api::load_shared(file, api::load_options(options), options.trust_code));
}

Model ModelAccess::handle(std::shared_ptr<predict::DepthModel> network) {
  auto state = std::make_unique<Model::State>();
  state->network = std::move(network);
  return Model(std::move(state));
}

std::shared_ptr<predict::DepthModel> ModelAccess::network(const Model& model) {
  return model.state_->network;
}

std::vector<Prediction> ModelAccess::predict(const Model& model, std::span<const Photo* const> photos,
                                             const PredictOptions& options) {
  return model.state_->predict(all_seen(photos), options);
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

Prediction Model::predict(const Photo& photo, const PredictOptions& options) const {
  return std::move(predict(std::span(&photo, 1), options).front());
}

std::vector<Prediction> Model::predict(std::span<const Image> photos, const PredictOptions& options) const {
  return state_->predict(all_seen(photos), options);
}

std::vector<Prediction> Model::predict(std::span<const Photo> photos, const PredictOptions& options) const {
  return state_->predict(all_seen(photos), options);
}

std::vector<Prediction> Model::State::predict(const std::vector<Seen>& photos,
                                              const PredictOptions& options) {
  const depth::Way way = way_of(network->spec(), options);
  std::vector<Image> inputs;
  inputs.reserve(photos.size());
  std::map<Size, std::vector<std::size_t>> by_size;
  for (std::size_t i = 0; i < photos.size(); ++i) {
    inputs.push_back(depth::prepare(way, *photos[i].image));
    by_size[inputs.back().size].push_back(i);
  }
  const int usual = network->device().kind == DeviceKind::kCpu ? 1 : 8;
  const auto most = static_cast<std::size_t>(options.max_batch > 0 ? options.max_batch : usual);
  std::vector<Prediction> results(photos.size());
  for (const auto& [size, which] : by_size) {
    for (std::size_t at = 0; at < which.size(); at += most) {
      const auto batch = std::span(which).subspan(at, std::min(most, which.size() - at));
      forward(photos, inputs, batch, way, options, results);
    }
  }
  return results;
}

predict::Wanted Model::State::wanted(const PredictOptions& options) const {
  const ModelSpec& spec = network->spec();
  return {.confidence = options.confidence && spec.has_output("depth_conf"),
          .sky = options.sky && spec.has_output("sky")};
}

Prediction Model::State::prediction(const predict::Result& result, std::size_t index, const Seen& photo,
                                    const depth::Way& way) const {
  const Size original = photo.image->size;
  const auto focal = depth::find_focal(original, way.focal_px, way.hfov_deg, photo.focal);
  const auto map = [&](const std::vector<float>& values) {
    return depth::resize_result(way, depth::map_of(values, index, result.size), original);
  };
  Prediction prediction;
  prediction.kind = way.result_kind;
  if (way.needs_focal() && focal) prediction.focal_px = focal->px;
  prediction.depth = depth::restore(way, depth::map_of(result.depth, index, result.size), original, focal);
  if (!result.confidence.empty()) prediction.confidence = map(result.confidence);
  if (!result.sky.empty()) prediction.sky = map(result.sky);
  return prediction;
}

void Model::State::forward(std::span<const Seen> photos, std::span<const Image> inputs,
                           std::span<const std::size_t> which, const depth::Way& way,
                           const PredictOptions& options, std::vector<Prediction>& results) {
  predict::Request request;
  request.scenes = static_cast<int>(which.size());
  request.size = inputs[which.front()].size;
  request.wanted = wanted(options);
  for (const std::size_t i : which) request.pictures.emplace_back(inputs[i].rgb);
  predict::Result result;
  try {
    result = network->predict(request);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kOutOfMemory || which.size() == 1) throw;
    forward(photos, inputs, which.first(which.size() / 2), way, options, results);
    forward(photos, inputs, which.subspan(which.size() / 2), way, options, results);
    return;
  }
  for (std::size_t b = 0; b < which.size(); ++b) {
    results[which[b]] = prediction(result, b, photos[which[b]], way);
  }
}

}  // namespace da3
