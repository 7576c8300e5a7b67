// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include <formats/scene/scene_files.hpp>

#include <da3/model.hpp>
#include <da3/scene.hpp>

#include <api/shared_model.hpp>
#include <core/atomic_file.hpp>
#include <core/host/host_memory.hpp>
#include <core/parallel.hpp>
#include <run/scene/make_scene.hpp>
#include <run/scene/run_scene.hpp>
#include <run/scene/scene_cameras.hpp>
#include <run/scene/scene_photos.hpp>
#include <run/scene/scene_plan.hpp>

namespace da3 {
namespace {

run::ReferenceChoice reference_of(const SceneOptions& options) {
  using Rule = run::ReferenceChoice::Rule;
  if (options.reference_view) return {Rule::kNumber, static_cast<int>(*options.reference_view)};
  switch (options.reference) {
    case ReferenceRule::kFirst:
      return {Rule::kFirst, 0};
    case ReferenceRule::kMiddle:
      return {Rule::kMiddle, 0};
    case ReferenceRule::kSaddleSimRange:
      return {Rule::kSaddleSimRange, 0};
    case ReferenceRule::kSaddleBalanced:
      break;
  }
  return {Rule::kSaddleBalanced, 0};
}

void check_window(const SceneOptions& options) {
  const auto require = [](const std::optional<int>& value, int least, const char* name) {
    if (!value || *value >= least) return;
    throw Error(ErrorCode::kUsage, std::string(name) + ": expected at least " + std::to_string(least) +
                                       ", found " + std::to_string(*value));
  };
  require(options.window, run::kLeastWindow, "window");
  require(options.overlap, run::kLeastOverlap, "overlap");
}

run::SceneOptions run_options(const SceneOptions& options, const ModelSpec& model) {
  run::SceneOptions result;
  result.process_res = options.process_res;
  result.resize_method = options.resize_method;
  result.mixed = options.mixed;
  result.reference = reference_of(options);
  result.keep_scale = options.keep_scale;
  check_window(options);
  if (options.window) result.window = {run::WindowChoice::Rule::kNumber, *options.window, std::nullopt};
  result.window.overlap = options.overlap;
  run::check_scene_options(result, model);
  return result;
}

std::optional<cameras::GivenCameras> given_cameras(const std::vector<Camera>& cameras, std::size_t photos) {
  if (cameras.empty()) return std::nullopt;
  if (cameras.size() != photos) {
    throw Error(ErrorCode::kUsage, "cameras: expected one for each of " + std::to_string(photos) +
                                       " photos, or none, found " + std::to_string(cameras.size()));
  }
  cameras::GivenCameras given;
  given.source = "the given cameras";
  given.unit = "given";
  for (const Camera& camera : cameras) {
    cameras::GivenCamera& each = given.cameras.emplace_back();
    each.camera_from_world = camera.camera_from_world;
    each.intrinsics = camera.intrinsics;
  }
  try {
    return cameras::sound(std::move(given));
  } catch (const Error& error) {
    throw Error(error.code(), std::string("cameras: ") + error.what());
  }
}

Scene scene_of(const Model& model, std::vector<SceneView> views, const SceneOptions& options,
               const run::SceneOptions& work) {
  if (views.empty()) throw Error(ErrorCode::kUsage, "a scene needs at least one photo, found none");
  const auto given = given_cameras(options.cameras, views.size());
  Scene scene;
  scene.views = std::move(views);
  run::cut_views(scene, work.mixed);
  const auto network = ModelAccess::network(model);
  run::check_scene_model(work, *network);
  if (given) run::give_cameras(scene.views, *given);
  auto seen = run::see_scene(*network, scene.views, work, {});
  run::settle(scene, std::move(*seen), model.spec(), given, work.keep_scale);
  run::add_points(scene, {});
  return scene;
}

Scene scene_of_images(const Model& model, std::span<const Image* const> photos, const SceneOptions& options) {
  const run::SceneOptions work = run_options(options, model.spec());
  const depth::Way way = run::scene_way(work, model.spec());
  std::vector<SceneView> views(photos.size());
  for (std::size_t i = 0; i < photos.size(); ++i) {
    views[i].name = std::to_string(i);
    run::prepare_view(views[i], *photos[i], way);
  }
  return scene_of(model, std::move(views), options, work);
}

void write(const std::filesystem::path& file, const formats::Bytes& bytes) {
  if (file.has_parent_path()) core::ensure_folder(file.parent_path());
  core::write_named_file(file, bytes);
}

}  // namespace

Scene predict_scene(const Model& model, std::span<const Photo> photos, const SceneOptions& options) {
  std::vector<const Image*> images;
  for (const Photo& photo : photos) images.push_back(&photo.image);
  return scene_of_images(model, images, options);
}

Scene predict_scene(const Model& model, std::span<const Image> photos, const SceneOptions& options) {
  std::vector<const Image*> images;
  for (const Image& photo : photos) images.push_back(&photo);
  return scene_of_images(model, images, options);
}

Scene predict_scene(const Model& model, std::span<const std::filesystem::path> files,
                    const SceneOptions& options) {
  run::SceneOptions work = run_options(options, model.spec());
  work.inputs.assign(files.begin(), files.end());
  if (files.empty()) return scene_of(model, {}, options, work);
  const std::vector<run::ScenePhoto> photos = run::find_scenes(work).front().photos;
  const depth::Way way = run::scene_way(work, model.spec());
  std::vector<SceneView> views(photos.size());
  std::vector<std::optional<Error>> failures(photos.size());
  core::for_each_parallel(photos.size(), core::usable_cores(), [&](std::size_t i) {
    try {
      views[i] = run::read_view(photos[i], way, {});
    } catch (const Error& error) {
      failures[i] = error;
    }
  });
  for (const std::optional<Error>& failure : failures) {
    if (failure) throw Error(*failure);
  }
  return scene_of(model, std::move(views), options, work);
}

DepthMap at_photo_size(const SceneView& view, std::span<const float> values) {
  if (values.size() != view.input.size.area()) {
    throw Error(ErrorCode::kUsage, "values: expected " + std::to_string(view.input.size.area()) +
                                       ", as the view has pixels, found " + std::to_string(values.size()));
  }
  return run::photo_map(view, {values.begin(), values.end()});
}

void write_glb(const Scene& scene, const std::filesystem::path& file, bool cameras) {
  write(file, formats::encode_glb(scene, {.cameras = cameras}));
}

void write_ply(const Scene& scene, const std::filesystem::path& file, bool confidence) {
  write(file, formats::encode_points_ply(scene, confidence));
}

void write_cameras(const Scene& scene, const std::filesystem::path& file) {
  write(file, formats::encode_cameras_json(scene));
}

void write_transforms(const Scene& scene, const std::filesystem::path& file, const std::string& images) {
  run::require_no_skew(scene.views, "transforms.json");
  formats::TransformsFiles files;
  files.image_folder = images;
  write(file, formats::encode_transforms_json(scene, files));
}

void write_npz(const Scene& scene, const std::filesystem::path& file) {
  write(file, formats::encode_scene_npz(scene));
}

void write_colmap(const Scene& scene, const std::filesystem::path& folder, bool text) {
  run::require_no_skew(scene.views, "COLMAP");
  for (const auto& [name, bytes] : formats::encode_colmap(scene, text)) write(folder / name, bytes);
}

}  // namespace da3
