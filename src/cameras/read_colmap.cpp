// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include <cameras/readers.hpp>

// COLMAP's documentation: "Output format" and "Camera models".
namespace da3::cameras {
namespace {

struct LensModel {
  std::string_view name;
  std::size_t parameters;
  std::size_t focal_lengths;  ///< 1: f cx cy, 2: fx fy cx cy
  bool pinhole_at_zero;       ///< Without distortion it is a pinhole
};

/// Numbered as in COLMAP.
constexpr std::array<LensModel, 12> kModels{{{"SIMPLE_PINHOLE", 3, 1, true},
                                             {"PINHOLE", 4, 2, true},
                                             {"SIMPLE_RADIAL", 4, 1, true},
                                             {"RADIAL", 5, 1, true},
                                             {"OPENCV", 8, 2, true},
                                             {"OPENCV_FISHEYE", 8, 2, false},
                                             {"FULL_OPENCV", 12, 2, true},
                                             {"FOV", 5, 2, false},
                                             {"SIMPLE_RADIAL_FISHEYE", 4, 1, false},
                                             {"RADIAL_FISHEYE", 5, 1, false},
                                             {"THIN_PRISM_FISHEYE", 12, 2, false},
                                             {"RAD_TAN_THIN_PRISM_FISHEYE", 16, 2, false}}};

using Lens = ColmapLens;

Lens lens_of(const LensModel& model, std::uint64_t width, std::uint64_t height,
             const std::vector<double>& p) {
  Lens lens;
  lens.size = size_of(static_cast<double>(height), static_cast<double>(width));
  const std::size_t f = model.focal_lengths;
  lens.intrinsics = {p[0], 0, p[f], 0, p[f - 1], p[f + 1], 0, 0, 1};
  const bool zero = std::all_of(p.begin() + static_cast<std::ptrdiff_t>(f + 2), p.end(),
                                [](double value) { return value == 0; });
  if (!zero || !model.pinhole_at_zero) lens.distortion = model.name;
  return lens;
}

GivenCamera camera_of(const Lens& lens, const std::array<double, 4>& quaternion,
                      const std::array<double, 3>& t, std::string name) {
  double length = 0;
  for (const double value : quaternion) length += value * value;
  if (!(length > 0) || !std::isfinite(length))
    refuse("the image " + name + " has a quaternion without direction");
  std::array<double, 4> q = quaternion;
  for (double& value : q) value /= std::sqrt(length);
  const auto [w, x, y, z] = q;
  GivenCamera camera;
  camera.photo = std::move(name);
  camera.size = lens.size;
  camera.intrinsics = lens.intrinsics;
  camera.distortion = lens.distortion;
  camera.camera_from_world = {
      1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),     t[0],
      2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),     t[1],
      2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y), t[2]};
  return camera;
}

const Lens& lens_with(const std::unordered_map<std::uint32_t, Lens>& lenses, std::uint32_t id,
                      const std::string& name) {
  const auto found = lenses.find(id);
  if (found == lenses.end())
    refuse("the image " + name + " refers to camera " + std::to_string(id) + ", which is not there");
  return found->second;
}

/// Little-endian numbers, one after another.
class BinaryReader {
 public:
  explicit BinaryReader(Bytes bytes) : bytes_(bytes) {}

  template <typename Number>
  Number next() {
    std::array<std::uint8_t, sizeof(Number)> raw{};
    const Bytes source = take(sizeof(Number));
    std::copy(source.begin(), source.end(), raw.begin());
    if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
    return std::bit_cast<Number>(raw);
  }

  std::string text() {
    const auto end = std::find(bytes_.begin(), bytes_.end(), std::uint8_t{0});
    if (end == bytes_.end()) refuse("a file of the COLMAP model ends early");
    const Bytes name = take(static_cast<std::size_t>(end - bytes_.begin()) + 1);
    return {name.begin(), name.end() - 1};
  }

  void skip(std::uint64_t count, std::uint64_t size) {
    if (count > bytes_.size() / size) refuse("a file of the COLMAP model ends early");
    take(static_cast<std::size_t>(count * size));
  }

 private:
  Bytes take(std::size_t count) {
    if (count > bytes_.size()) refuse("a file of the COLMAP model ends early");
    const Bytes part = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return part;
  }

  Bytes bytes_;
};

/// Lines that are no comment; empty lines stay, since an image may have no 2D points.
std::vector<std::string_view> lines_of(Bytes text) {
  std::string_view rest{reinterpret_cast<const char*>(text.data()), text.size()};
  std::vector<std::string_view> lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with('#')) lines.push_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

/// The words of a line; numbers are read regardless of the language of the machine.
class WordReader {
 public:
  explicit WordReader(std::string_view line) : line_(line) {}

  std::string_view word() {
    skip_blanks();
    const std::string_view word = line_.substr(0, line_.find_first_of(" \t"));
    if (word.empty()) refuse("a line of the COLMAP model is too short");
    line_.remove_prefix(word.size());
    return word;
  }
  template <typename Number>
  Number number() {
    const std::string_view text = word();
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
      refuse(std::string(1, '\'').append(text) + "' stands where a number belongs");
    return value;
  }
  /// What is left of the line: a name may have blanks in it.
  std::string rest() {
    skip_blanks();
    if (line_.empty()) refuse("a line of the COLMAP model is too short");
    return std::string(line_);
  }

 private:
  void skip_blanks() { line_.remove_prefix(std::min(line_.find_first_not_of(" \t"), line_.size())); }

  std::string_view line_;
};

}  // namespace

std::vector<GivenCamera> read_colmap_binary(Bytes cameras, Bytes images) {
  std::unordered_map<std::uint32_t, Lens> lenses;
  BinaryReader camera(cameras);
  for (auto count = camera.next<std::uint64_t>(); count > 0; --count) {
    const auto id = camera.next<std::uint32_t>();
    const auto model = camera.next<std::int32_t>();
    if (model < 0 || static_cast<std::size_t>(model) >= kModels.size())
      refuse("a camera of the unknown lens model " + std::to_string(model));
    const LensModel& lens = kModels[static_cast<std::size_t>(model)];
    const auto width = camera.next<std::uint64_t>();
    const auto height = camera.next<std::uint64_t>();
    std::vector<double> parameters(lens.parameters);
    for (double& value : parameters) value = camera.next<double>();
    lenses[id] = lens_of(lens, width, height, parameters);
  }
  std::vector<GivenCamera> given;
  BinaryReader image(images);
  for (auto count = image.next<std::uint64_t>(); count > 0; --count) {
    image.next<std::uint32_t>();
    std::array<double, 4> quaternion{};
    std::array<double, 3> translation{};
    for (double& value : quaternion) value = image.next<double>();
    for (double& value : translation) value = image.next<double>();
    const auto id = image.next<std::uint32_t>();
    std::string name = image.text();
    image.skip(image.next<std::uint64_t>(), 2 * sizeof(double) + sizeof(std::uint64_t));
    const Lens& lens = lens_with(lenses, id, name);
    given.push_back(camera_of(lens, quaternion, translation, std::move(name)));
  }
  return given;
}

std::vector<ColmapLens> read_colmap_lenses(Bytes cameras) {
  std::vector<ColmapLens> lenses;
  for (const std::string_view line : lines_of(cameras)) {
    if (line.empty()) continue;
    WordReader words(line);
    const auto id = words.number<std::uint32_t>();
    const std::string_view name = words.word();
    const auto* model = std::find_if(kModels.begin(), kModels.end(),
                                     [&](const LensModel& each) { return each.name == name; });
    if (model == kModels.end()) refuse("a camera of the unknown lens model " + std::string(name));
    const auto width = words.number<std::uint64_t>();
    const auto height = words.number<std::uint64_t>();
    std::vector<double> parameters(model->parameters);
    for (double& value : parameters) value = words.number<double>();
    lenses.push_back(lens_of(*model, width, height, parameters));
    lenses.back().id = id;
  }
  return lenses;
}

std::vector<GivenCamera> read_colmap_text(Bytes cameras, Bytes images) {
  std::unordered_map<std::uint32_t, Lens> lenses;
  for (Lens& lens : read_colmap_lenses(cameras)) lenses[lens.id] = std::move(lens);
  std::vector<GivenCamera> given;
  const std::vector<std::string_view> lines = lines_of(images);
  for (std::size_t i = 0; i < lines.size(); i += 2) {  // Every second line lists 2D points
    if (lines[i].empty()) break;
    WordReader words(lines[i]);
    words.number<std::uint32_t>();
    std::array<double, 4> quaternion{};
    std::array<double, 3> translation{};
    for (double& value : quaternion) value = words.number<double>();
    for (double& value : translation) value = words.number<double>();
    const auto id = words.number<std::uint32_t>();
    std::string name = words.rest();
    const Lens& lens = lens_with(lenses, id, name);
    given.push_back(camera_of(lens, quaternion, translation, std::move(name)));
  }
  return given;
}

}  // namespace da3::cameras
