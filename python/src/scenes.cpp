// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "native.hpp"

namespace da3::python {
namespace {

using namespace nb::literals;  // NOLINT(google-build-using-namespace)

struct Scene {
  explicit Scene(da3_scene* handle) : owned(handle) {}
  Owned<da3_scene, da3_scene_free> owned;
  /// Its points can be chosen again while another thread reads them. Taken without the GIL.
  mutable std::mutex points;
};

struct SceneOptions {
  int process_res = 0;
  std::optional<std::string> resize_method;
  bool refuse_mixed = false;
  std::optional<std::string> reference;
  std::vector<double> cameras;  ///< 21 numbers a photo
  bool keep_scale = false;
  int window = 0;
  int overlap = 0;
};

std::unique_ptr<Scene> predict_scene(const Model& model, const std::vector<Input>& inputs,
                                     const SceneOptions& given) {
  std::vector<da3_image> images;
  for (const Input& input : inputs) images.push_back(image_of(input));
  da3_scene_options options = DA3_SCENE_OPTIONS_INIT;
  options.process_res = given.process_res;
  options.resize_method = or_null(given.resize_method);
  options.refuse_mixed = given.refuse_mixed ? 1 : 0;
  options.reference = or_null(given.reference);
  options.keep_scale = given.keep_scale ? 1 : 0;
  options.window = given.window;
  options.overlap = given.overlap;
  if (!given.cameras.empty()) options.cameras = given.cameras.data();
  da3_scene* scene = nullptr;
  const Unlocked free;
  check(da3_predict_scene(model.owned.get(), images.data(), images.size(), &options, &scene));
  return std::make_unique<Scene>(scene);
}

/// An array that Python owns, of values in memory.
template <typename Value>
nb::object owned_array(const std::vector<std::size_t>& shape, std::unique_ptr<Value[]> values) {
  Value* const pointer = values.get();
  const nb::capsule owner(values.release(),
                          [](void* array) noexcept { delete[] static_cast<Value*>(array); });
  return nb::cast(nb::ndarray<nb::numpy, Value>(pointer, shape.size(), shape.data(), owner));
}

/// A new array that Python owns, filled by `fill(pointer)`.
template <typename Value, typename Fill>
nb::object filled(const std::vector<std::size_t>& shape, Fill fill) {
  std::size_t count = 1;
  for (const std::size_t each : shape) count *= each;
  auto values = std::make_unique<Value[]>(std::max<std::size_t>(count, 1));
  fill(values.get());
  return owned_array(shape, std::move(values));
}

nb::object matrix(const double* values, std::size_t rows, std::size_t columns) {
  return filled<double>({rows, columns}, [&](double* to) { std::copy_n(values, rows * columns, to); });
}

da3_scene_view native_view(const Scene& scene, std::size_t index) {
  da3_scene_view view = DA3_SCENE_VIEW_INIT;
  check(da3_scene_get_view(scene.owned.get(), index, &view));
  return view;
}

/// One view as a dict; its maps keep the scene alive.
nb::dict view_of(nb::handle_t<Scene> self, std::size_t index) {
  const da3_scene_view view = native_view(nb::cast<const Scene&>(self), index);
  const std::size_t shape[3] = {static_cast<std::size_t>(view.height), static_cast<std::size_t>(view.width),
                                3};
  const auto map = [&](const float* values) -> nb::object {
    if (values == nullptr) return nb::none();
    return nb::cast(nb::ndarray<nb::numpy, const float>(values, 2, shape, self));
  };
  nb::dict result;
  result["depth"] = map(view.depth);
  result["confidence"] = map(view.confidence);
  result["sky"] = map(view.sky);
  result["pixels"] = nb::cast(nb::ndarray<nb::numpy, const std::uint8_t>(view.rgb, 3, shape, self));
  result["photo_size"] = std::pair(view.photo_height, view.photo_width);
  result["camera_from_world"] = matrix(view.camera_from_world, 3, 4);
  result["intrinsics"] = matrix(view.intrinsics, 3, 3);
  result["photo_intrinsics"] = matrix(view.photo_intrinsics, 3, 3);
  if (view.has_predicted != 0) {
    result["predicted_camera_from_world"] = matrix(view.predicted_camera_from_world, 3, 4);
    result["predicted_intrinsics"] = matrix(view.predicted_intrinsics, 3, 3);
  }
  return result;
}

nb::object photo_depth(const Scene& scene, std::size_t index) {
  const da3_scene_view view = native_view(scene, index);
  return filled<float>(
      {static_cast<std::size_t>(view.photo_height), static_cast<std::size_t>(view.photo_width)},
      [&](float* to) { check(da3_scene_photo_depth(scene.owned.get(), index, to)); });
}

/// Positions, colours, confidence, and view, row and column of the points.
nb::tuple points_of(const Scene& scene) {
  const da3_scene* const native = scene.owned.get();
  std::size_t count = 0;
  std::unique_ptr<double[]> positions;
  std::unique_ptr<std::uint8_t[]> colours;
  std::unique_ptr<float[]> confidence;
  std::unique_ptr<std::uint32_t[]> pixels;
  {
    const Unlocked free;
    const std::scoped_lock lock(scene.points);
    count = da3_scene_num_points(native);
    const std::size_t room = std::max<std::size_t>(count, 1);
    positions = std::make_unique<double[]>(3 * room);
    colours = std::make_unique<std::uint8_t[]>(3 * room);
    confidence = std::make_unique<float[]>(room);
    pixels = std::make_unique<std::uint32_t[]>(3 * room);
    check(da3_scene_get_points(native, positions.get(), colours.get(), confidence.get(), pixels.get()));
  }
  return nb::make_tuple(
      owned_array({count, 3}, std::move(positions)), owned_array({count, 3}, std::move(colours)),
      owned_array({count}, std::move(confidence)), owned_array({count, 3}, std::move(pixels)));
}

void choose_points(const Scene& scene, double keep_percent, double min_confidence, double edges_percent,
                   std::int64_t max_points, bool sky_points) {
  da3_point_options options = DA3_POINT_OPTIONS_INIT;
  options.keep_percent = keep_percent;
  options.min_confidence = min_confidence;
  options.edges_percent = edges_percent;
  options.max_points = max_points;
  options.sky_points = sky_points ? 1 : 0;
  const Unlocked free;
  const std::scoped_lock lock(scene.points);
  check(da3_scene_choose_points(scene.owned.get(), &options));
}

std::string record_of(const Scene& scene) {
  const Unlocked free;
  const std::scoped_lock lock(scene.points);
  da3_bytes* json = nullptr;
  check(da3_scene_record(scene.owned.get(), &json));
  return text_of(Bytes(json));
}

void write_scene(const Scene& scene, const std::string& format, const nb::bytes& path) {
  const std::string file = path_of(path);
  const Unlocked free;
  const std::scoped_lock lock(scene.points);
  check(da3_scene_write(scene.owned.get(), format.c_str(), file.c_str()));
}

}  // namespace

void bind_scenes(nb::module_& m, nb::class_<Model>& model) {
  nb::class_<SceneOptions>(m, "SceneOptions")
      .def(nb::init<>())
      .def_rw("process_res", &SceneOptions::process_res)
      .def_rw("resize_method", &SceneOptions::resize_method, nb::arg().none())
      .def_rw("refuse_mixed", &SceneOptions::refuse_mixed)
      .def_rw("reference", &SceneOptions::reference, nb::arg().none())
      .def_rw("cameras", &SceneOptions::cameras)
      .def_rw("keep_scale", &SceneOptions::keep_scale)
      .def_rw("window", &SceneOptions::window)
      .def_rw("overlap", &SceneOptions::overlap);
  nb::class_<Scene>(m, "Scene")
      .def("__len__", [](const Scene& scene) { return da3_scene_num_views(scene.owned.get()); })
      .def("view", &view_of, "index"_a)
      .def("photo_depth", &photo_depth, "index"_a)
      .def("points", &points_of)
      .def("choose_points", &choose_points, "keep_percent"_a, "min_confidence"_a, "edges_percent"_a,
           "max_points"_a, "sky_points"_a)
      .def("record", &record_of)
      .def("write", &write_scene, "format"_a, "path"_a);
  model.def("predict_scene", &predict_scene, "inputs"_a, "options"_a);
}

}  // namespace da3::python
