// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/scene/scene_files.hpp>
#include <formats/scene/viewer.hpp>
#include <nlohmann/json.hpp>

#include <core/text_encoding.hpp>

namespace da3::formats {
namespace {

using Json = nlohmann::ordered_json;

template <std::size_t kRows, std::size_t kColumns>
Json rows_of(const std::array<double, kRows * kColumns>& values) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < kRows; ++i) {
    Json row = Json::array();
    for (std::size_t k = 0; k < kColumns; ++k) row.push_back(values[i * kColumns + k]);
    rows.push_back(std::move(row));
  }
  return rows;
}

void put_camera(Json& json, const Camera& camera) {
  json["camera_from_world"] = rows_of<3, 4>(camera.camera_from_world);
  json["intrinsics"] = rows_of<3, 3>(camera.intrinsics);
}

// Numbers as the shortest text that reads back as the same double.
Bytes bytes_of(const Json& json) {
  const std::string text = json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  return {text.begin(), text.end()};
}

}  // namespace

bool is_copied_as_jpeg(const scene::View& view) {
  return view.turned || !view.is_widely_read;
}

std::string image_name(const scene::View& view) {
  if (is_copied_as_jpeg(view)) return view.name + ".jpg";
  // Names of photos that share a stem have the extension already.
  const bool is_whole = std::filesystem::path(view.name).filename() == view.file.filename();
  return is_whole ? view.name : view.name + view.file.extension().string();
}

Bytes encode_cameras_json(const scene::Scene& scene) {
  Json json = {{"schema", 1},
               {"convention", "camera_from_world, OpenCV axes, pixels from the outer corner"},
               {"unit", to_string(scene.unit)},
               {"source", to_string(scene.pose_source)},
               {"reference", nullptr},
               {"views", Json::array()}};
  if (scene.reference) json["reference"] = *scene.reference;
  for (const scene::View& view : scene.views) {
    const std::string name = image_name(view);
    Json entry = {
        {"photo", name}, {"width", view.place.photo_size.width}, {"height", view.place.photo_size.height}};
    if (!core::is_utf8(name)) entry["photo_base64"] = core::base64_encode(name);
    put_camera(entry, view.photo_camera());
    if (view.predicted) put_camera(entry["predicted"], scene::camera_of_photo(*view.predicted, view.place));
    json["views"].push_back(std::move(entry));
  }
  return bytes_of(json);
}

Bytes encode_transforms_json(const scene::Scene& scene, const TransformsFiles& files) {
  Json json = {{"camera_model", "OPENCV"}, {"k1", 0}, {"k2", 0}, {"p1", 0}, {"p2", 0}};
  if (files.points) json["ply_file_path"] = *files.points;
  json["frames"] = Json::array();
  for (std::size_t i = 0; i < scene.views.size(); ++i) {
    const scene::View& view = scene.views[i];
    const Camera camera = view.photo_camera();
    const auto& k = camera.intrinsics;
    std::array<double, 16> pose = world_from_camera(camera);
    for (std::size_t row = 0; row < 3; ++row) {  // OpenGL's axes: y up, z back
      pose[4 * row + 1] = -pose[4 * row + 1];
      pose[4 * row + 2] = -pose[4 * row + 2];
    }
    Json frame = {{"file_path", files.image_folder + "/" + image_name(view)},
                  {"w", view.place.photo_size.width},
                  {"h", view.place.photo_size.height},
                  {"fl_x", k[0]},
                  {"fl_y", k[4]},
                  {"cx", k[2]},
                  {"cy", k[5]},
                  {"transform_matrix", rows_of<4, 4>(pose)}};
    if (!files.depth.empty()) frame["depth_file_path"] = files.depth[i];
    json["frames"].push_back(std::move(frame));
  }
  return bytes_of(json);
}

}  // namespace da3::formats
