// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>

#include <api/c/call.hpp>
#include <api/c/handles.hpp>
#include <core/names.hpp>
#include <run/scene/scene_records.hpp>

namespace {

using namespace da3;          // NOLINT(google-build-using-namespace)
using namespace da3::api::c;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kNumbersOfCamera = 21;

constexpr core::NameTable<ReferenceRule, 4> kReferences{
    {{ReferenceRule::kFirst, "first"},
     {ReferenceRule::kMiddle, "middle"},
     {ReferenceRule::kSaddleBalanced, "saddle_balanced"},
     {ReferenceRule::kSaddleSimRange, "saddle_sim_range"}}};

void set_reference(SceneOptions& options, const char* asked) {
  if (asked == nullptr) return;
  std::size_t view = 0;
  const char* const end = asked + std::strlen(asked);
  const auto number = std::from_chars(asked, end, view);
  if (number.ec == std::errc() && number.ptr == end) {
    options.reference_view = view;
    return;
  }
  options.reference = core::value_of(kReferences, "reference rule", asked);
}

SceneOptions scene_options(const da3_scene_options* given, std::size_t photos) {
  const da3_scene_options options = read(given, da3_scene_options DA3_SCENE_OPTIONS_INIT, "options");
  SceneOptions result;
  if (options.process_res != 0) result.process_res = options.process_res;
  if (options.resize_method != nullptr) result.resize_method = parse_resize_method(options.resize_method);
  result.mixed = options.refuse_mixed != 0 ? MixedSizes::kError : MixedSizes::kCrop;
  set_reference(result, options.reference);
  result.keep_scale = options.keep_scale != 0;
  if (options.window != 0) result.window = options.window;
  if (options.overlap != 0) result.overlap = options.overlap;
  for (std::size_t i = 0; options.cameras != nullptr && i < photos; ++i) {
    const double* const from = options.cameras + i * kNumbersOfCamera;
    Camera& camera = result.cameras.emplace_back();
    std::copy_n(from, camera.camera_from_world.size(), camera.camera_from_world.begin());
    std::copy_n(from + camera.camera_from_world.size(), camera.intrinsics.size(), camera.intrinsics.begin());
  }
  return result;
}

const SceneView& view_of(const da3_scene* scene, std::size_t index) {
  require(scene, "scene");
  const std::size_t count = scene->scene.views.size();
  if (index >= count) {
    throw Error(ErrorCode::kUsage,
                "index: expected less than " + std::to_string(count) + ", found " + std::to_string(index));
  }
  return scene->scene.views[index];
}

const float* or_null(const std::vector<float>& map) {
  return map.empty() ? nullptr : map.data();
}

da3_scene_view c_view(const SceneView& view) {
  da3_scene_view result = DA3_SCENE_VIEW_INIT;
  result.height = view.input.size.height;
  result.width = view.input.size.width;
  result.depth = view.depth.data();
  result.confidence = or_null(view.confidence);
  result.sky = or_null(view.sky);
  result.rgb = view.input.rgb.data();
  result.photo_height = view.place.photo_size.height;
  result.photo_width = view.place.photo_size.width;
  std::ranges::copy(view.camera.camera_from_world, result.camera_from_world);
  std::ranges::copy(view.camera.intrinsics, result.intrinsics);
  std::ranges::copy(view.photo_camera().intrinsics, result.photo_intrinsics);
  if (view.predicted) {
    result.has_predicted = 1;
    std::ranges::copy(view.predicted->camera_from_world, result.predicted_camera_from_world);
    std::ranges::copy(view.predicted->intrinsics, result.predicted_intrinsics);
  }
  return result;
}

PointOptions point_options(const da3_point_options* given) {
  const da3_point_options options = read(given, da3_point_options DA3_POINT_OPTIONS_INIT, "options");
  PointOptions result;
  if (options.keep_percent != 0) result.keep_percent = options.keep_percent;
  if (!(result.keep_percent > 0 && result.keep_percent <= 100)) {
    throw Error(ErrorCode::kUsage, "keep_percent: expected more than 0 and at most 100, found " +
                                       std::to_string(result.keep_percent));
  }
  if (!std::isfinite(options.min_confidence)) {
    throw Error(ErrorCode::kUsage,
                "min_confidence: expected a number, found " + std::to_string(options.min_confidence));
  }
  if (!(options.edges_percent >= 0 && std::isfinite(options.edges_percent))) {
    throw Error(ErrorCode::kUsage,
                "edges_percent: expected a number above 0, found " + std::to_string(options.edges_percent));
  }
  if (options.min_confidence != 0) result.min_confidence = std::max(0.0, options.min_confidence);
  if (options.edges_percent != 0) result.edges_percent = options.edges_percent;
  if (options.max_points != 0)
    result.max_points = options.max_points < 0 ? 0 : static_cast<std::size_t>(options.max_points);
  result.sky_points = options.sky_points != 0;
  return result;
}

struct SceneWriter {
  const char* format;
  void (*write)(const Scene& scene, const std::filesystem::path& path);
};

constexpr SceneWriter kWriters[] = {
    {"glb", [](const Scene& scene, const std::filesystem::path& path) { write_glb(scene, path); }},
    {"ply", [](const Scene& scene, const std::filesystem::path& path) { write_ply(scene, path); }},
    {"cameras", [](const Scene& scene, const std::filesystem::path& path) { write_cameras(scene, path); }},
    {"transforms",
     [](const Scene& scene, const std::filesystem::path& path) { write_transforms(scene, path); }},
    {"npz", [](const Scene& scene, const std::filesystem::path& path) { write_npz(scene, path); }},
    {"colmap", [](const Scene& scene, const std::filesystem::path& path) { write_colmap(scene, path); }},
};

}  // namespace

extern "C" {

da3_status da3_predict_scene(const da3_model* model, const da3_image* images, size_t count,
                             const da3_scene_options* options, da3_scene** scene) {
  return call([&] {
    require(model, "model");
    require(scene, "scene");
    const SceneOptions wanted = scene_options(options, count);
    const std::vector<Photo> photos = copies_of(images, count);
    auto handle = std::make_unique<da3_scene>();
    handle->scene = predict_scene(model->model, std::span(photos), wanted);
    *scene = handle.release();
  });
}

void da3_scene_free(da3_scene* scene) {
  delete scene;
}

size_t da3_scene_num_views(const da3_scene* scene) {
  return scene == nullptr ? 0 : scene->scene.views.size();
}

da3_status da3_scene_record(const da3_scene* scene, da3_bytes** json) {
  return call([&] {
    require(scene, "scene");
    require(json, "json");
    *json = bytes_of(run::line_of(run::scene_record(scene->scene, {}, {}))).release();
  });
}

da3_status da3_scene_get_view(const da3_scene* scene, size_t index, da3_scene_view* view) {
  return call([&] { write(c_view(view_of(scene, index)), view, "view"); });
}

da3_status da3_scene_photo_depth(const da3_scene* scene, size_t index, float* depth) {
  return call([&] {
    const SceneView& view = view_of(scene, index);
    require(depth, "depth");
    const DepthMap map = at_photo_size(view, view.depth);
    std::copy(map.values.begin(), map.values.end(), depth);
  });
}

da3_status da3_scene_choose_points(da3_scene* scene, const da3_point_options* options) {
  return call([&] {
    require(scene, "scene");
    scene->scene.cloud = point_cloud(scene->scene.views, point_options(options));
  });
}

size_t da3_scene_num_points(const da3_scene* scene) {
  return scene == nullptr ? 0 : scene->scene.cloud.points.size();
}

da3_status da3_scene_get_points(const da3_scene* scene, double* positions, uint8_t* colours,
                                float* confidence, uint32_t* pixels) {
  return call([&] {
    require(scene, "scene");
    for (const ScenePoint& point : scene->scene.cloud.points) {
      if (positions != nullptr)
        positions = std::copy(point.position.begin(), point.position.end(), positions);
      if (colours != nullptr) colours = std::copy(point.rgb.begin(), point.rgb.end(), colours);
      if (confidence != nullptr) *confidence++ = point.confidence;
      if (pixels == nullptr) continue;
      *pixels++ = point.view;
      *pixels++ = point.row;
      *pixels++ = point.column;
    }
  });
}

da3_status da3_scene_write(const da3_scene* scene, const char* format, const char* path) {
  return call([&] {
    require(scene, "scene");
    require(format, "format");
    require(path, "path");
    const auto* const writer =
        std::find_if(std::begin(kWriters), std::end(kWriters),
                     [&](const SceneWriter& each) { return std::strcmp(each.format, format) == 0; });
    if (writer == std::end(kWriters)) {
      throw Error(ErrorCode::kUsage,
                  std::string(format) +
                      ": no format of a scene; expected glb, ply, cameras, transforms, npz "
                      "or colmap");
    }
    writer->write(scene->scene, path);
  });
}
}
