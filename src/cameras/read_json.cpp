// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>

#include <cameras/readers.hpp>
#include <nlohmann/json.hpp>

#include <core/json_reading.hpp>
#include <core/text_encoding.hpp>

namespace da3::cameras {
namespace {

using nlohmann::json;

constexpr int kSchema = 1;
constexpr const char* kConvention = "camera_from_world, OpenCV axes, pixels from the outer corner";

template <std::size_t kColumns>
std::array<double, kColumns> numbers(const json& row) {
  if (!row.is_array() || row.size() != kColumns)
    refuse("a matrix whose rows do not have " + std::to_string(kColumns) + " numbers");
  std::array<double, kColumns> values{};
  for (std::size_t i = 0; i < kColumns; ++i) values[i] = row.at(i).get<double>();
  return values;
}

template <std::size_t kColumns>
std::array<double, 3 * kColumns> three_rows(const json& rows) {
  std::array<double, 3 * kColumns> values{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto row = numbers<kColumns>(rows.at(i));
    std::copy(row.begin(), row.end(), values.begin() + static_cast<std::ptrdiff_t>(i * kColumns));
  }
  return values;
}

std::array<double, 9> lens(const json& rows) {
  if (!rows.is_array() || rows.size() != 3) refuse("intrinsics that are not (3, 3)");
  return three_rows<3>(rows);
}

std::array<double, 12> pose(const json& rows) {
  if (!rows.is_array() || rows.size() < 3 || rows.size() > 4)
    refuse("a pose that is neither (3, 4) nor (4, 4)");
  if (rows.size() == 4) require_last_row(numbers<4>(rows.at(3)));
  return three_rows<4>(rows);
}

GivenCamera camera_of_view(const json& view) {
  GivenCamera camera;
  camera.photo = view.at("photo").get<std::string>();
  if (const auto exact = view.find("photo_base64"); exact != view.end()) {
    camera.photo = core::base64_decode(exact->get<std::string>()).value_or(camera.photo);
  }
  camera.size = size_of(view.at("height").get<double>(), view.at("width").get<double>());
  camera.camera_from_world = pose(view.at("camera_from_world"));
  camera.intrinsics = lens(view.at("intrinsics"));
  return camera;
}

GivenCameras read_own(const json& file) {
  if (const auto schema = file.find("schema"); schema != file.end() && *schema != kSchema) {
    refuse("schema " + schema->dump() + ", this da3 reads " + std::to_string(kSchema) +
           "; use the version that wrote it");
  }
  if (const auto found = file.find("convention"); found != file.end() && *found != kConvention)
    refuse("the convention " + found->dump() + "; this da3 reads \"" + kConvention + '"');
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

  std::array<double, 12> world_from_camera = pose(frame.at("transform_matrix"));
  for (std::size_t row = 0; row < 3; ++row) {  // From OpenGL's axes: y up, z back
    world_from_camera[4 * row + 1] = -world_from_camera[4 * row + 1];
    world_from_camera[4 * row + 2] = -world_from_camera[4 * row + 2];
  }
  camera.camera_from_world = inverted(world_from_camera);
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
