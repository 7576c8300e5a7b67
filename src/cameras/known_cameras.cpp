// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <sstream>
#include <vector>

#include <cameras/given_cameras.hpp>
#include <cameras/known_cameras.hpp>
#include <cameras/readers.hpp>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <core/json_reading.hpp>
#include <core/read_file.hpp>
#include <core/sha256.hpp>

namespace da3::cameras {
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
    throw Error(ErrorCode::kUsage, file.string() + ": no such file; check the path of --intrinsics");
  }
  return core::read_file(file, ErrorCode::kUsage);
}

void require_sane(const std::string& file, const KnownCamera& camera) {
  const image::Intrinsics& k = camera.intrinsics;
  const bool finite =
      std::isfinite(k.fx) && std::isfinite(k.fy) && std::isfinite(k.cx) && std::isfinite(k.cy);
  if (!finite || !(k.fx > 0) || !(k.fy > 0)) refuse(file, "a focal length in pixels is not above 0");
}

// OpenCV and Open3D count from the centre of the first pixel, COLMAP and NeRF from its corner, as da3 does.
constexpr double kCentreToCorner = 0.5;

KnownCamera known(const std::string& file, Size size, const std::array<double, 9>& k,
                  const std::string& distortion) {
  if (distortion.find("FISHEYE") != std::string::npos || distortion == "FOV" ||
      distortion == "EQUIRECTANGULAR")
    refuse(file, "a camera has the lens model " + distortion + "; undistort its photos first");
  KnownCamera camera{{k[0], k[4], k[2], k[5]}, size};
  require_sane(file, camera);
  return camera;
}

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// What `read` gives; its errors with the file's name.
template <typename Read>
auto of_file(const std::string& file, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    refuse(file, error.what());
  }
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

Size size_in(const std::string& file, double height, double width) {
  const auto size = possible_size(height, width);
  if (!size) refuse(file, "a picture size is impossible");
  return *size;
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
  if (width && height) camera.size = size_in(file, *height, *width);
  require_sane(file, camera);
  return camera;
}

std::optional<double> number(const json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = object.find(name);
    if (found != object.end()) return found->get<double>();
  }
  return std::nullopt;
}

/// One camera object, or none if this is not one.
std::optional<KnownCamera> json_camera(const std::string& file, const json& object) {
  if (!object.is_object()) return std::nullopt;
  KnownCamera camera;
  const auto width = number(object, {"width", "image_width", "w"});
  const auto height = number(object, {"height", "image_height", "h"});
  if (width && height) camera.size = size_in(file, *height, *width);
  const auto matrix = object.find("intrinsic_matrix");
  const auto fx = number(object, {"fx", "fl_x", "f", "focal"});
  if (matrix != object.end() && matrix->is_array() && matrix->size() == 9) {
    // Open3D writes columns.
    const auto at = [&](std::size_t i) { return (*matrix)[i].get<double>(); };
    if (at(6) == 0 && at(7) == 0 && (at(2) != 0 || at(5) != 0))
      refuse(file, "an intrinsic_matrix stands row by row; Open3D's stands column by column");
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

/// A transforms.json: frames with poses.
bool has_poses(const json& root) {
  const auto frames = root.find("frames");
  return frames != root.end() && frames->is_array() && !frames->empty() && frames->front().is_object() &&
         frames->front().contains("transform_matrix");
}

}  // namespace

KnownCameras KnownCameras::read(const std::filesystem::path& path) {
  KnownCameras cameras;
  cameras.file_ = path.string();
  const std::string& file = cameras.file_;
  const std::string text = text_of(path);
  cameras.sha256_ = core::sha256_hex(std::as_bytes(std::span(text)));
  std::vector<std::string> names;
  const auto add = [&](const std::string& name, const KnownCamera& camera) {
    names.push_back(name);
    cameras.named_.push_back(camera);
  };
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) refuse(file, "the file is empty");
  if (text[first] == '{') {
    const json root = core::read_json(text);
    if (root.is_discarded()) refuse(file, "it is no valid JSON");
    try {
      cameras.for_all_ = json_camera(file, root);
      if (root.contains("views") || has_poses(root)) {
        const GivenCameras given = of_file(file, [&] { return read_json(bytes_of(text)); });
        for (const GivenCamera& camera : given.cameras) {
          KnownCamera found =
              known(file, camera.size.value_or(Size{1, 1}), camera.intrinsics, camera.distortion);
          if (!camera.size) found.size.reset();
          add(camera.photo, found);
        }
        cameras.names_ = PhotoNames(names);
        return cameras;
      }
      for (const auto& [name, value] : root.items()) {
        if (const auto camera = json_camera(file, value)) add(name, *camera);
      }
    } catch (const json::exception& error) {
      refuse(file, std::string("a member has another type than expected (") + error.what() + ")");
    }
    if (!cameras.for_all_ && names.empty()) refuse(file, "there is no camera in it");
    cameras.names_ = PhotoNames(names);
    return cameras;
  }
  if (text.find("camera_matrix") != std::string::npos || text.starts_with("%YAML") ||
      text.starts_with("---")) {
    cameras.for_all_ = opencv_yaml(file, text);
    return cameras;
  }
  const std::vector<ColmapLens> lenses = of_file(file, [&] { return read_colmap_lenses(bytes_of(text)); });
  if (lenses.empty()) refuse(file, "there is no camera in it");
  std::vector<KnownCamera> all;
  for (const ColmapLens& lens : lenses)
    all.push_back(known(file, lens.size, lens.intrinsics, lens.distortion));
  const std::filesystem::path images = path.parent_path() / "images.txt";
  std::error_code failed;
  if (std::filesystem::exists(images, failed)) {
    const std::string listed = text_of(images);
    const std::string both = text + listed;
    cameras.sha256_ = core::sha256_hex(std::as_bytes(std::span(both)));
    const std::vector<GivenCamera> given =
        of_file(images.string(), [&] { return read_colmap_text(bytes_of(text), bytes_of(listed)); });
    for (const GivenCamera& camera : given)
      add(camera.photo, known(file, *camera.size, camera.intrinsics, camera.distortion));
    cameras.names_ = PhotoNames(names);
  } else if (all.size() > 1) {
    refuse(file, "it has " + std::to_string(all.size()) +
                     " cameras, and no images.txt next to it says which photo is whose");
  }
  if (all.size() == 1) cameras.for_all_ = all.front();
  return cameras;
}

std::optional<image::Intrinsics> KnownCameras::find(std::string_view photo, Size original) const {
  const auto named = names_.find(photo);
  if (!named && !for_all_) return std::nullopt;
  if (named && !named->is_clear) {
    throw Error(ErrorCode::kUsage, std::string(photo) + ": several cameras in " + file_ +
                                       " have this photo's name, and no folder in their names tells whose "
                                       "this is; keep the folders of the names");
  }
  const KnownCamera& camera = named ? named_[named->name] : *for_all_;
  if (camera.size && !is_same_shape(*camera.size, original)) {
    throw Error(ErrorCode::kUsage, std::string(photo) + ": the photo has " + std::to_string(original.width) +
                                       "x" + std::to_string(original.height) + " pixels, its camera in " +
                                       file_ + " " + std::to_string(camera.size->width) + "x" +
                                       std::to_string(camera.size->height) +
                                       ", another shape; give the camera of this photo, or --focal");
  }
  const image::Intrinsics k =
      camera.size ? image::resized(camera.intrinsics, *camera.size, original) : camera.intrinsics;
  if (!is_possible_view(k.fx, k.fy, original)) {
    throw Error(ErrorCode::kUsage,
                std::string(photo) + ": its camera in " + file_ + impossible_view_text(k.fx, k.fy, original));
  }
  return k;
}

std::optional<std::string> KnownCameras::doubt(std::string_view photo) const {
  const auto named = names_.find(photo);
  if (!named || !named->by_file_name_alone) return std::nullopt;
  return std::string(photo) + ": its camera is that of " + names_.name(named->name).string() + " in " +
         file_ + ", which has other folders; is it the same photo?";
}

}  // namespace da3::cameras
