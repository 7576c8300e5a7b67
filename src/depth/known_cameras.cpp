// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include <depth/known_cameras.hpp>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

namespace da3::depth {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& file, const std::string& what) {
  throw Error(ErrorCode::kUsage,
              file + ": " + what +
                  "; --intrinsics takes COLMAP's cameras.txt, OpenCV's YAML or JSON with fx, fy, cx, cy");
}

std::string text_of(const std::filesystem::path& file) {
  std::error_code failed;
  if (!std::filesystem::exists(file, failed)) {
    throw Error(ErrorCode::kInputNotFound, file.string() + ": no such file; check the path of --intrinsics");
  }
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream || std::filesystem::is_directory(file, failed)) {
    throw Error(ErrorCode::kInputUnreadable, file.string() + ": the file cannot be read");
  }
  return text;
}

void require_sane(const std::string& file, const KnownCamera& camera) {
  const image::Intrinsics& k = camera.intrinsics;
  const bool finite =
      std::isfinite(k.fx) && std::isfinite(k.fy) && std::isfinite(k.cx) && std::isfinite(k.cy);
  if (!finite || !(k.fx > 0) || !(k.fy > 0)) refuse(file, "a focal length in pixels is not above 0");
  if (camera.size && (camera.size->height < 1 || camera.size->width < 1))
    refuse(file, "a picture size is not above 0");
}

// OpenCV and Open3D count from the centre of the first pixel, COLMAP and NeRF from its corner, as da3 does.
constexpr double kCentreToCorner = 0.5;

/// CAMERA_ID MODEL WIDTH HEIGHT PARAMS[]
std::map<std::string, KnownCamera> colmap_cameras(const std::string& file, const std::string& text) {
  std::map<std::string, KnownCamera> cameras;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#' || line == "\r") continue;
    std::istringstream fields(line);
    std::string id;
    std::string model;
    Size size;
    fields >> id >> model >> size.width >> size.height;
    std::vector<double> values;
    for (double value = 0; fields >> value;) values.push_back(value);
    const bool one_focal = model.starts_with("SIMPLE_") || model == "RADIAL";
    if (!one_focal && !model.starts_with("PINHOLE") && !model.starts_with("OPENCV") &&
        model != "FULL_OPENCV") {
      refuse(file, "camera " + id + " has the model " + model +
                       ", which is no pinhole camera with or without distortion");
    }
    if (model.find("FISHEYE") != std::string::npos) {
      refuse(file, "camera " + id + " is a fisheye; undistort its photos first");
    }
    if (values.size() < (one_focal ? 3U : 4U)) refuse(file, "camera " + id + " has too few parameters");
    KnownCamera camera;
    camera.size = size;
    const std::size_t centre = one_focal ? 1 : 2;
    camera.intrinsics = {values[0], values[one_focal ? 0 : 1], values[centre], values[centre + 1]};
    require_sane(file, camera);
    cameras[id] = camera;
  }
  if (cameras.empty()) refuse(file, "there is no camera in it");
  return cameras;
}

/// IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, and behind each a line of points.
std::map<std::string, KnownCamera, std::less<>> colmap_images(
    const std::string& file, const std::string& text, const std::map<std::string, KnownCamera>& cameras) {
  std::map<std::string, KnownCamera, std::less<>> found;
  std::istringstream lines(text);
  bool points = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() == '#') continue;
    if (points) {
      points = false;
      continue;
    }
    std::istringstream fields(line);
    std::string skipped;
    for (int i = 0; i < 8; ++i) fields >> skipped;
    std::string camera;
    std::string name;
    if (!(fields >> camera)) continue;
    std::getline(fields >> std::ws, name);
    if (!name.empty() && name.back() == '\r') name.pop_back();
    const auto known = cameras.find(camera);
    if (known == cameras.end())
      refuse(file, "image " + name + " names camera " + camera + ", which cameras.txt lacks");
    found[std::filesystem::path(name).filename().string()] = known->second;
    points = true;
  }
  return found;
}

/// The number behind `key:` at the beginning of a line.
std::optional<double> yaml_number(const std::string& text, std::string_view key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\"");
    if (begin == std::string::npos || !std::string_view(line).substr(begin).starts_with(key)) continue;
    const std::size_t colon = line.find(':', begin + key.size());
    if (colon == std::string::npos) continue;
    std::istringstream value(line.substr(colon + 1));
    double number = 0;
    if (value >> number) return number;
  }
  return std::nullopt;
}

/// `camera_matrix: ... data: [ ... ]`, as cv::FileStorage and ROS write it.
KnownCamera opencv_yaml(const std::string& file, const std::string& text) {
  std::size_t matrix = std::string::npos;
  for (const char* key : {"camera_matrix", "cameraMatrix", "Camera_Matrix", "K:", "M1:"}) {
    if (matrix == std::string::npos) matrix = text.find(key);
  }
  const std::size_t data = matrix == std::string::npos ? matrix : text.find("data", matrix);
  const std::size_t open = data == std::string::npos ? data : text.find('[', data);
  const std::size_t close = open == std::string::npos ? open : text.find(']', open);
  if (close == std::string::npos) refuse(file, "there is no camera_matrix with data in it");
  std::string numbers = text.substr(open + 1, close - open - 1);
  for (char& letter : numbers) letter = letter == ',' ? ' ' : letter;
  std::istringstream fields(numbers);
  std::vector<double> k;
  for (double value = 0; fields >> value;) k.push_back(value);
  if (k.size() != 9)
    refuse(file, "its camera matrix has " + std::to_string(k.size()) + " numbers instead of 9");
  KnownCamera camera;
  camera.intrinsics = {k[0], k[4], k[2] + kCentreToCorner, k[5] + kCentreToCorner};
  const auto width = yaml_number(text, "image_width");
  const auto height = yaml_number(text, "image_height");
  if (width && height) camera.size = Size{static_cast<int>(*height), static_cast<int>(*width)};
  require_sane(file, camera);
  return camera;
}

std::optional<double> number(const json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = object.find(name);
    if (found != object.end() && found->is_number()) return found->get<double>();
  }
  return std::nullopt;
}

/// One camera object, or none if this is not one.
std::optional<KnownCamera> json_camera(const std::string& file, const json& object) {
  if (!object.is_object()) return std::nullopt;
  KnownCamera camera;
  const auto width = number(object, {"width", "image_width", "w"});
  const auto height = number(object, {"height", "image_height", "h"});
  if (width && height) camera.size = Size{static_cast<int>(*height), static_cast<int>(*width)};
  const auto matrix = object.find("intrinsic_matrix");
  const auto fx = number(object, {"fx", "fl_x", "f", "focal"});
  if (matrix != object.end() && matrix->is_array() && matrix->size() == 9) {
    // Open3D writes columns.
    const auto at = [&](std::size_t i) { return (*matrix)[i].get<double>(); };
    camera.intrinsics = {at(0), at(4), at(6) + kCentreToCorner, at(7) + kCentreToCorner};
  } else if (fx) {
    const auto cx = number(object, {"cx"});
    const auto cy = number(object, {"cy"});
    if ((!cx || !cy) && !camera.size) refuse(file, "a camera has neither cx and cy nor width and height");
    const double to_corner = object.contains("fl_x") ? 0 : kCentreToCorner;
    camera.intrinsics = {*fx, number(object, {"fy", "fl_y"}).value_or(*fx),
                         cx ? *cx + to_corner : camera.size->width / 2.0,
                         cy ? *cy + to_corner : camera.size->height / 2.0};
  } else {
    return std::nullopt;
  }
  require_sane(file, camera);
  return camera;
}

}  // namespace

KnownCameras KnownCameras::read(const std::filesystem::path& path) {
  KnownCameras cameras;
  cameras.file_ = path.string();
  const std::string& file = cameras.file_;
  const std::string text = text_of(path);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) refuse(file, "the file is empty");
  if (text[first] == '{') {
    const json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (root.is_discarded()) refuse(file, "it is no valid JSON");
    try {
      cameras.for_all_ = json_camera(file, root);
      const auto frames = root.find("frames");
      if (frames != root.end() && frames->is_array()) {
        for (const json& frame : *frames) {
          const auto name = frame.find("file_path");
          const std::optional<KnownCamera> camera = json_camera(file, frame);
          if (camera && name != frame.end()) {
            cameras.by_name_[std::filesystem::path(name->get<std::string>()).filename().string()] = *camera;
          }
        }
      }
      for (const auto& [name, value] : root.items()) {
        if (const auto camera = json_camera(file, value)) {
          cameras.by_name_[std::filesystem::path(name).filename().string()] = *camera;
        }
      }
    } catch (const json::exception& error) {
      refuse(file, std::string("a member has another type than expected (") + error.what() + ")");
    }
    if (!cameras.for_all_ && cameras.by_name_.empty()) refuse(file, "there is no camera in it");
    return cameras;
  }
  if (text.find("camera_matrix") != std::string::npos || text.starts_with("%YAML") ||
      text.starts_with("---")) {
    cameras.for_all_ = opencv_yaml(file, text);
    return cameras;
  }
  const std::map<std::string, KnownCamera> all = colmap_cameras(file, text);
  const std::filesystem::path images = path.parent_path() / "images.txt";
  std::error_code failed;
  if (std::filesystem::exists(images, failed)) {
    cameras.by_name_ = colmap_images(images.string(), text_of(images), all);
  } else if (all.size() > 1) {
    refuse(file, "it has " + std::to_string(all.size()) +
                     " cameras, and no images.txt next to it says which photo is whose");
  }
  if (all.size() == 1) cameras.for_all_ = all.begin()->second;
  return cameras;
}

std::optional<image::Intrinsics> KnownCameras::find(std::string_view photo, Size original) const {
  const auto named = by_name_.find(std::filesystem::path(photo).filename().string());
  if (named == by_name_.end() && !for_all_) return std::nullopt;
  const KnownCamera& camera = named != by_name_.end() ? named->second : *for_all_;
  if (!camera.size || *camera.size == original) return camera.intrinsics;
  // Equal shapes up to the rounding of one side by a resize.
  const double x = static_cast<double>(original.width) / camera.size->width;
  const double y = static_cast<double>(original.height) / camera.size->height;
  const double tolerance = 1.0 / std::min(original.width, original.height) + 1e-3;
  if (std::abs(x / y - 1) > tolerance) {
    throw Error(ErrorCode::kUsage, std::string(photo) + ": the photo has " + std::to_string(original.width) +
                                       "x" + std::to_string(original.height) + " pixels, its camera in " +
                                       file_ + " " + std::to_string(camera.size->width) + "x" +
                                       std::to_string(camera.size->height) +
                                       ", another shape; give the camera of this photo, or --focal");
  }
  return image::resized(camera.intrinsics, *camera.size, original);
}

}  // namespace da3::depth
