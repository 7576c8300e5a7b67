// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <cameras/readers.hpp>
#include <nlohmann/json.hpp>

#include <core/json_reading.hpp>
#include <core/text_encoding.hpp>

namespace da3::cameras {
namespace {

using nlohmann::json;

template <std::size_t kColumns, std::size_t kCount>
std::array<double, kCount> matrix(const json& rows, std::size_t least_rows) {
  if (!rows.is_array() || rows.size() < least_rows) refuse("a matrix with too few rows");
  std::array<double, kCount> values{};
  for (std::size_t i = 0; i < kCount; ++i) {
    const json& row = rows.at(i / kColumns);
    if (!row.is_array() || row.size() != kColumns)
      refuse("a matrix whose rows do not have " + std::to_string(kColumns) + " numbers");
    values[i] = row.at(i % kColumns).get<double>();
  }
  return values;
}

GivenCamera camera_of_view(const json& view) {
  GivenCamera camera;
  camera.photo = view.at("photo").get<std::string>();
  if (const auto exact = view.find("photo_base64"); exact != view.end()) {
    camera.photo = core::base64_decode(exact->get<std::string>()).value_or(camera.photo);
  }
  camera.size = size_of(view.at("height").get<double>(), view.at("width").get<double>());
  camera.camera_from_world = matrix<4, 12>(view.at("camera_from_world"), 3);
  camera.intrinsics = matrix<3, 9>(view.at("intrinsics"), 3);
  return camera;
}

GivenCameras read_own(const json& file) {
  GivenCameras given;
  given.unit = file.value("unit", "") == "m" ? "m" : "given";
  for (const json& view : file.at("views")) given.cameras.push_back(camera_of_view(view));
  return given;
}

/// A member of the frame, else of the file; none if neither has it.
std::optional<double> value_of(const json& file, const json& frame, const char* name) {
  for (const json* source : {&frame, &file}) {
    if (const auto found = source->find(name); found != source->end() && !found->is_null())
      return found->get<double>();
  }
  return std::nullopt;
}

GivenCamera camera_of_frame(const json& file, const json& frame) {
  const auto value = [&](const char* name) { return value_of(file, frame, name); };
  GivenCamera camera;
  camera.photo = frame.at("file_path").get<std::string>();
  const auto width = value("w");
  const auto height = value("h");
  if (width && height) camera.size = size_of(*height, *width);
  auto fx = value("fl_x");
  auto fy = value("fl_y");
  if (!fx && value("camera_angle_x") && width) fx = *width / 2 / std::tan(*value("camera_angle_x") / 2);
  if (!fy && value("camera_angle_y") && height) fy = *height / 2 / std::tan(*value("camera_angle_y") / 2);
  if (!fx) refuse(camera.photo + " has neither fl_x nor w with camera_angle_x");
  const auto cx = value("cx");
  const auto cy = value("cy");
  if ((!cx && !width) || (!cy && !height)) refuse(camera.photo + " has neither cx, cy nor w, h");
  camera.intrinsics = {*fx, 0, cx ? *cx : *width / 2, 0, fy ? *fy : *fx, cy ? *cy : *height / 2, 0, 0, 1};

  std::array<double, 12> pose = matrix<4, 12>(frame.at("transform_matrix"), 3);
  for (std::size_t row = 0; row < 3; ++row) {  // From OpenGL's axes: y up, z back
    pose[4 * row + 1] = -pose[4 * row + 1];
    pose[4 * row + 2] = -pose[4 * row + 2];
  }
  camera.camera_from_world = inverted(pose);
  for (const char* name : {"k1", "k2", "k3", "k4", "p1", "p2"}) {
    if (value(name).value_or(0) != 0) camera.distortion = std::string("OPENCV with ") + name;
  }
  const std::string model = frame.value("camera_model", file.value("camera_model", "OPENCV"));
  if (model.find("FISHEYE") != std::string::npos || model == "EQUIRECTANGULAR") camera.distortion = model;
  return camera;
}

GivenCameras read_transforms(const json& file) {
  GivenCameras given;
  given.unit = "given";
  for (const json& frame : file.at("frames")) given.cameras.push_back(camera_of_frame(file, frame));
  return given;
}

}  // namespace

GivenCameras read_json(Bytes text) {
  try {
    const json file = core::parse_json({reinterpret_cast<const char*>(text.data()), text.size()});
    if (file.is_object() && file.contains("frames")) return read_transforms(file);
    if (file.is_object() && file.contains("views")) return read_own(file);
    refuse("neither a transforms.json (member `frames`) nor a cameras.json (member `views`)");
  } catch (const json::exception& error) {
    refuse(std::string("not the JSON of cameras: ") + error.what());
  }
}

}  // namespace da3::cameras
