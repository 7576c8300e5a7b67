// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>

#include <formats/encode.hpp>

#include <api/c/call.hpp>
#include <api/c/handles.hpp>
#include <api/shared_model.hpp>
#include <core/nearest.hpp>
#include <core/text.hpp>

namespace {

using namespace da3;          // NOLINT(google-build-using-namespace)
using namespace da3::api::c;  // NOLINT(google-build-using-namespace)

PredictOptions predict_options(const da3_predict_options* given) {
  const da3_predict_options options = read(given, da3_predict_options DA3_PREDICT_OPTIONS_INIT, "options");
  PredictOptions result;
  result.confidence = options.confidence != 0;
  result.sky = options.sky != 0;
  result.at_model_size = options.at_model_size != 0;
  result.raw = options.raw != 0;
  if (options.process_res != 0) result.process_res = options.process_res;
  if (options.resize_method != nullptr) result.resize_method = parse_resize_method(options.resize_method);
  // 0 is "none"; what is no focal length is refused where it is used.
  if (options.focal_px != 0) result.focal_px = options.focal_px;
  if (options.hfov_deg != 0) result.hfov_deg = options.hfov_deg;
  if (options.max_batch < 0) {
    throw Error(ErrorCode::kUsage, "max_batch: expected 0 (from the device) or more, found " +
                                       std::to_string(options.max_batch));
  }
  result.max_batch = options.max_batch;
  return result;
}

/// A photo's points need its camera, and a page is of many photos.
bool is_of_maps_alone(const formats::FormatFacts& facts) {
  return !facts.camera && facts.format != formats::Format::kHtml;
}

formats::Format encoded_format(std::string_view text) {
  std::vector<std::string_view> names;
  for (const formats::FormatFacts& facts : formats::kFormatFacts) {
    if (!is_of_maps_alone(facts)) continue;
    if (facts.name == text) return facts.format;
    names.push_back(facts.name);
  }
  core::refuse_choice(text, names);
}

std::unique_ptr<da3_predictions> handle_of(std::vector<Prediction> predictions) {
  auto handle = std::make_unique<da3_predictions>();
  handle->photos = std::move(predictions);
  return handle;
}

DepthMap copied(Size size, const float* values) {
  return {size, std::vector<float>(values, values + size.area())};
}

formats::OutputSet output_set(const da3_maps* given) {
  require(given, "maps");
  const da3_maps maps = read(given, da3_maps DA3_MAPS_INIT, "maps");
  require(maps.depth, "maps.depth");
  require(maps.kind, "maps.kind");
  if (maps.height <= 0 || maps.width <= 0) {
    throw Error(ErrorCode::kUsage, "maps: expected a width and height above 0, found " +
                                       core::size_text({maps.height, maps.width}));
  }
  const Size size{maps.height, maps.width};
  formats::OutputSet set;
  set.depth = copied(size, maps.depth);
  set.kind = parse_depth_kind(maps.kind);
  if (set.kind == DepthKind::kMetric) set.unit.emplace("m");
  if (maps.confidence != nullptr) set.confidence = copied(size, maps.confidence);
  if (maps.sky != nullptr) set.sky = copied(size, maps.sky);
  return set;
}

}  // namespace

extern "C" {

da3_status da3_predict(const da3_model* model, const da3_image* images, size_t count,
                       const da3_predict_options* options, da3_predictions** predictions) {
  return call([&] {
    require(model, "model");
    require(predictions, "predictions");
    const PredictOptions wanted = predict_options(options);
    const std::vector<Photo> photos = copies_of(images, count);
    *predictions = handle_of(model->model.predict(std::span(photos), wanted)).release();
  });
}

da3_status da3_predict_photos(const da3_model* model, const da3_photo* const* photos, size_t count,
                              const da3_predict_options* options, da3_predictions** predictions) {
  return call([&] {
    require(model, "model");
    require(predictions, "predictions");
    if (count > 0) require(photos, "photos");
    std::vector<const Photo*> pointers;
    for (std::size_t i = 0; i < count; ++i) {
      require(photos[i], "photos[i]");
      pointers.push_back(&photos[i]->photo);
    }
    *predictions =
        handle_of(ModelAccess::predict(model->model, pointers, predict_options(options))).release();
  });
}

size_t da3_predictions_count(const da3_predictions* predictions) {
  return predictions == nullptr ? 0 : predictions->photos.size();
}

da3_status da3_predictions_get(const da3_predictions* predictions, size_t index, da3_maps* maps) {
  return call([&] {
    require(predictions, "predictions");
    if (index >= predictions->photos.size()) {
      throw Error(ErrorCode::kUsage, "index: expected less than " +
                                         std::to_string(predictions->photos.size()) + ", found " +
                                         std::to_string(index));
    }
    const Prediction& photo = predictions->photos[index];
    da3_maps result = DA3_MAPS_INIT;
    result.height = photo.depth.size.height;
    result.width = photo.depth.size.width;
    result.depth = photo.depth.values.data();
    if (photo.confidence) result.confidence = photo.confidence->values.data();
    if (photo.sky) result.sky = photo.sky->values.data();
    result.kind = to_string(photo.kind).data();
    result.focal_px = photo.focal_px.value_or(0);
    write(result, maps, "maps");
  });
}

void da3_predictions_free(da3_predictions* predictions) {
  delete predictions;
}

const char* da3_encode_formats(void) {
  static const std::string names = formats::names_where(is_of_maps_alone, ", ");
  return names.c_str();
}

da3_status da3_encode(const da3_maps* maps, const char* format, const da3_encode_options* given,
                      da3_bytes** bytes) {
  return call([&] {
    require(format, "format");
    require(bytes, "bytes");
    const da3_encode_options options = read(given, da3_encode_options DA3_ENCODE_OPTIONS_INIT, "options");
    formats::OutputSet set = output_set(maps);
    const formats::Format wanted = encoded_format(format);
    if (options.photo != nullptr) set.photo = photo_of(*options.photo).image;
    if (shows_photo(wanted) && (!set.photo || set.photo->size.height != set.depth.size.height)) {
      throw Error(ErrorCode::kUsage, std::string(to_string(wanted)) +
                                         ": needs the photo at the height of its depth, " +
                                         std::to_string(set.depth.size.height) + " pixels, found " +
                                         (set.photo ? std::to_string(set.photo->size.height) : "no photo"));
    }
    image::VisOptions vis;
    if (options.colormap != nullptr) vis.colormap = options.colormap;
    if (options.vis_near != options.vis_far) vis.range = {options.vis_near, options.vis_far};
    const formats::EncodedSet encoded = formats::encode(set, {wanted}, {.vis = vis});
    *bytes = bytes_of(encoded.files.front().bytes.data(), encoded.files.front().bytes.size()).release();
  });
}

const char* da3_format_suffix(const char* format) {
  const char* suffix = nullptr;
  (void)call([&] {
    require(format, "format");
    suffix = formats::suffix(formats::parse_format(format)).data();
  });
  return suffix;
}
}
