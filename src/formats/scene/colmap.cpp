// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>

#include <formats/byte_writer.hpp>
#include <formats/scene/scene_files.hpp>

#include <da3/error.hpp>

// COLMAP's documentation, "Output format": cameras, images and points3D as binary and as text.
namespace da3::formats {
namespace {

constexpr std::int32_t kPinhole = 1;

/// w x y z with w >= 0, by the best conditioned of the four forms (Shepperd 1978).
std::array<double, 4> quaternion(const std::array<double, 12>& m) {
  const double trace = m[0] + m[5] + m[10];
  const std::array<double, 4> squares{trace, m[0], m[5], m[10]};
  const auto largest =
      static_cast<std::size_t>(std::max_element(squares.begin(), squares.end()) - squares.begin());
  std::array<double, 4> q{};
  if (largest == 0) {
    q = {1 + trace, m[9] - m[6], m[2] - m[8], m[4] - m[1]};
  } else if (largest == 1) {
    q = {m[9] - m[6], 1 + m[0] - m[5] - m[10], m[1] + m[4], m[2] + m[8]};
  } else if (largest == 2) {
    q = {m[2] - m[8], m[1] + m[4], 1 - m[0] + m[5] - m[10], m[6] + m[9]};
  } else {
    q = {m[4] - m[1], m[2] + m[8], m[6] + m[9], 1 - m[0] - m[5] + m[10]};
  }
  double length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  if (q[0] < 0) length = -length;
  for (double& value : q) value /= length;
  return q;
}

/// A 2D point of an image and the 3D point that it shows, from 1.
struct ImagePoint {
  double x = 0;
  double y = 0;
  std::uint64_t point = 0;
};

/// An element of a track: an image, from 1, and the place in its list of 2D points.
struct Seen {
  std::uint32_t image = 0;
  std::uint32_t index = 0;
};

/// The 2D points of all images and the tracks of all points, which refer to one another.
class Observations {
 public:
  Observations(const scene::Scene& scene, std::span<const TrackElement> tracks)
      : of_image_(scene.views.size()) {
    const std::vector<scene::Point>& points = scene.cloud.points;
    begin_.reserve(points.size() + 1);
    seen_.reserve(points.size() + tracks.size());
    auto extra = tracks.begin();
    for (std::size_t i = 0; i < points.size(); ++i) {
      const scene::Point& point = points[i];
      begin_.push_back(seen_.size());
      const auto [x, y] = scene.views[point.view].photo_position(point.column + 0.5, point.row + 0.5);
      add(point.view, {x, y, i + 1});
      for (; extra != tracks.end() && extra->point == i; ++extra)
        add(extra->view, {extra->x, extra->y, i + 1});
    }
    begin_.push_back(seen_.size());
  }

  const std::vector<ImagePoint>& of_image(std::size_t view) const { return of_image_[view]; }
  std::span<const Seen> of_point(std::size_t point) const {
    return std::span(seen_).subspan(begin_[point], begin_[point + 1] - begin_[point]);
  }
  std::size_t count() const { return seen_.size(); }

 private:
  void add(std::uint32_t view, const ImagePoint& point) {
    seen_.push_back({view + 1, static_cast<std::uint32_t>(of_image_[view].size())});
    of_image_[view].push_back(point);
  }

  std::vector<std::vector<ImagePoint>> of_image_;
  std::vector<std::size_t> begin_;
  std::vector<Seen> seen_;
};

/// The whole upright photo's.
std::array<double, 4> pinhole(const scene::View& view) {
  const auto k = view.photo_camera().intrinsics;
  return {k[0], k[4], k[2], k[5]};
}

std::array<double, 3> translation(const scene::View& view) {
  const auto& e = view.camera.camera_from_world;
  return {e[3], e[7], e[11]};
}

Bytes cameras_bin(const scene::Scene& scene) {
  ByteWriter file(8 + scene.views.size() * 56);
  file.put(std::uint64_t{scene.views.size()});
  for (std::size_t i = 0; i < scene.views.size(); ++i) {
    const scene::View& view = scene.views[i];
    file.put(static_cast<std::uint32_t>(i + 1));
    file.put(kPinhole);
    file.put(static_cast<std::uint64_t>(view.place.photo_size.width));
    file.put(static_cast<std::uint64_t>(view.place.photo_size.height));
    file.put_all(pinhole(view));
  }
  return file.take();
}

Bytes images_bin(const scene::Scene& scene, const Observations& observations) {
  ByteWriter file(8 + scene.views.size() * 128 + observations.count() * 24);
  file.put(std::uint64_t{scene.views.size()});
  for (std::size_t i = 0; i < scene.views.size(); ++i) {
    const scene::View& view = scene.views[i];
    file.put(static_cast<std::uint32_t>(i + 1));
    file.put_all(quaternion(view.camera.camera_from_world));
    file.put_all(translation(view));
    file.put(static_cast<std::uint32_t>(i + 1));
    file.put_text(image_name(view));
    file.put(std::uint8_t{0});
    file.put(std::uint64_t{observations.of_image(i).size()});
    for (const ImagePoint& point : observations.of_image(i)) {
      file.put(point.x);
      file.put(point.y);
      file.put(point.point);
    }
  }
  return file.take();
}

Bytes points_bin(const scene::Scene& scene, const Observations& observations) {
  const std::vector<scene::Point>& points = scene.cloud.points;
  ByteWriter file(8 + points.size() * 51 + observations.count() * 8);
  file.put(std::uint64_t{points.size()});
  for (std::size_t i = 0; i < points.size(); ++i) {
    file.put(std::uint64_t{i + 1});
    file.put_all(points[i].position);
    file.put_all(points[i].rgb);
    file.put(0.0);  // Reprojection error: the point was made from its pixel
    const std::span<const Seen> track = observations.of_point(i);
    file.put(std::uint64_t{track.size()});
    for (const Seen& element : track) {
      file.put(element.image);
      file.put(element.index);
    }
  }
  return file.take();
}

/// Words with a blank behind each; numbers as the shortest text that reads back as the same value.
class TextWriter {
 public:
  explicit TextWriter(std::string_view comment) { put(comment); }

  void put(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  template <typename... Words>
  void words(const Words&... each) {
    (word(each), ...);
  }
  void end_line() { bytes_.push_back('\n'); }
  Bytes take() { return std::move(bytes_); }

 private:
  void word(const std::string& text) {
    put(text);
    put(" ");
  }
  void word(const char* text) { word(std::string(text)); }
  template <typename Number>
    requires std::integral<Number> || std::floating_point<Number>
  void word(Number value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    *end = ' ';
    bytes_.insert(bytes_.end(), text.data(), end + 1);
  }
  void word(std::uint8_t value) { word(static_cast<int>(value)); }
  template <typename Number, std::size_t kCount>
  void word(const std::array<Number, kCount>& values) {
    for (const Number value : values) word(value);
  }

  Bytes bytes_;
};

Bytes cameras_txt(const scene::Scene& scene) {
  TextWriter text("# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[] (fx fy cx cy)\n");
  for (std::size_t i = 0; i < scene.views.size(); ++i) {
    const scene::View& view = scene.views[i];
    text.words(i + 1, "PINHOLE", view.place.photo_size.width, view.place.photo_size.height, pinhole(view));
    text.end_line();
  }
  return text.take();
}

Bytes images_txt(const scene::Scene& scene, const Observations& observations) {
  TextWriter text(
      "# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME\n# POINTS2D[] as (X, Y, POINT3D_ID)\n");
  for (std::size_t i = 0; i < scene.views.size(); ++i) {
    const scene::View& view = scene.views[i];
    text.words(i + 1, quaternion(view.camera.camera_from_world), translation(view), i + 1);
    text.put(image_name(view));
    text.end_line();
    for (const ImagePoint& point : observations.of_image(i)) text.words(point.x, point.y, point.point);
    text.end_line();
  }
  return text.take();
}

Bytes points_txt(const scene::Scene& scene, const Observations& observations) {
  TextWriter text("# POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n");
  const std::vector<scene::Point>& points = scene.cloud.points;
  for (std::size_t i = 0; i < points.size(); ++i) {
    text.words(i + 1, points[i].position, points[i].rgb, 0);
    for (const Seen& element : observations.of_point(i)) text.words(element.image, element.index);
    text.end_line();
  }
  return text.take();
}

}  // namespace

std::vector<NamedFile> encode_colmap(const scene::Scene& scene, bool text,
                                     std::span<const TrackElement> tracks) {
  const Observations observations(scene, tracks);
  if (!text) {
    return {{"cameras.bin", cameras_bin(scene)},
            {"images.bin", images_bin(scene, observations)},
            {"points3D.bin", points_bin(scene, observations)}};
  }
  for (const scene::View& view : scene.views) {
    const std::string name = image_name(view);
    if (name.find_first_of(" \t\r\n") != std::string::npos) {
      throw Error(ErrorCode::kUsage, "--colmap-text: COLMAP cuts the name '" + name +
                                         "' at its blank; rename the photo or leave out --colmap-text");
    }
  }
  return {{"cameras.txt", cameras_txt(scene)},
          {"images.txt", images_txt(scene, observations)},
          {"points3D.txt", points_txt(scene, observations)}};
}

}  // namespace da3::formats
