// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include <formats/byte_writer.hpp>
#include <formats/scene/scene_files.hpp>
#include <formats/scene/viewer.hpp>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>
#include <da3/version.hpp>

// glTF 2.0 specification: sections 3.5 (coordinates), 3.6 (buffers, accessors), 3.7.2 (meshes), 3.10
// (cameras), 4 (GLB).
namespace da3::formats {
namespace {

using Json = nlohmann::ordered_json;
using Point = std::array<double, 3>;

constexpr int kPoints = 0;  // glTF primitive modes, component types and buffer targets
constexpr int kLines = 1;
constexpr int kUint16 = 5123;
constexpr int kFloat32 = 5126;
constexpr int kArrayBuffer = 34962;

std::uint16_t linear_16_bit(double srgb) {
  const double linear = srgb <= 0.04045 ? srgb / 12.92 : std::pow((srgb + 0.055) / 1.055, 2.4);
  return static_cast<std::uint16_t>(std::lround(65535 * linear));
}

/// glTF stores matrices column after column.
Json column_major(const std::array<double, 16>& rows) {
  Json columns = Json::array();
  for (std::size_t i = 0; i < 16; ++i) columns.push_back(rows[(i % 4) * 4 + i / 4]);
  return columns;
}

/// One mesh of `mode` whose vertices follow in `bin`.
class MeshWriter {
 public:
  MeshWriter(Json& gltf, ByteWriter& bin) : gltf_(gltf), bin_(bin) {}

  /// `position_of(i)` and `colour(i)`, linear, are those of vertex i.
  template <typename Position, typename Colour>
  void add(const char* name, int mode, std::size_t count, const Point& origin, Position position_of,
           Colour colour) {
    std::array<float, 3> low{};
    std::array<float, 3> high{};
    low.fill(std::numeric_limits<float>::max());
    high.fill(std::numeric_limits<float>::lowest());
    std::size_t begin = bin_.size();
    for (std::size_t i = 0; i < count; ++i) {
      const Point& vertex = position_of(i);
      for (std::size_t k = 0; k < 3; ++k) {
        const auto value = static_cast<float>(vertex[k] - origin[k]);
        low[k] = std::min(low[k], value);
        high[k] = std::max(high[k], value);
        bin_.put(value);
      }
    }
    Json position = accessor(begin, count, kFloat32, "VEC3");
    position["min"] = low;
    position["max"] = high;
    begin = bin_.size();
    for (std::size_t i = 0; i < count; ++i) bin_.put_all(colour(i));
    Json tint = accessor(begin, count, kUint16, "VEC4");
    tint["normalized"] = true;

    const std::size_t first = gltf_["accessors"].size();
    gltf_["accessors"].push_back(std::move(position));
    gltf_["accessors"].push_back(std::move(tint));
    gltf_["meshes"].push_back({{"name", name},
                               {"primitives",
                                {{{"attributes", {{"POSITION", first}, {"COLOR_0", first + 1}}},
                                  {"mode", mode},
                                  {"material", 0}}}}});
    gltf_["nodes"].push_back({{"name", name}, {"mesh", gltf_["meshes"].size() - 1}});
  }

 private:
  Json accessor(std::size_t begin, std::size_t count, int type, const char* shape) {
    gltf_["bufferViews"].push_back({{"buffer", 0},
                                    {"byteOffset", begin},
                                    {"byteLength", bin_.size() - begin},
                                    {"target", kArrayBuffer}});
    return {{"bufferView", gltf_["bufferViews"].size() - 1},
            {"componentType", type},
            {"count", count},
            {"type", shape}};
  }

  Json& gltf_;
  ByteWriter& bin_;
};

void add_outlines(MeshWriter& meshes, const scene::Scene& scene, const Viewer& viewer) {
  constexpr std::size_t kVertices = 16;
  std::vector<Point> ends;
  std::vector<std::array<std::uint16_t, 4>> colours;
  for (std::size_t i = 0; i < scene.views.size(); ++i) {
    const std::array<double, 16> pose = world_from_camera(scene.views[i].camera);
    const std::array<Point, 4> corners = picture_corners(scene.views[i], 0.03 * viewer.diagonal);
    for (const Point& corner : corners) ends.insert(ends.end(), {{pose[3], pose[7], pose[11]}, corner});
    for (std::size_t k = 0; k < 4; ++k) ends.insert(ends.end(), {corners[k], corners[(k + 1) % 4]});
    const std::array<double, 3> c = view_colour(i, scene.views.size());
    colours.push_back({linear_16_bit(c[0]), linear_16_bit(c[1]), linear_16_bit(c[2]), 65535});
  }
  meshes.add(
      "cameras", kLines, ends.size(), viewer.origin,
      [&](std::size_t vertex) -> const Point& { return ends[vertex]; },
      [&](std::size_t vertex) { return colours[vertex / kVertices]; });
}

void add_points(MeshWriter& meshes, const std::vector<scene::Point>& points, const Viewer& viewer) {
  std::array<std::uint16_t, 256> linear{};
  for (std::size_t i = 0; i < linear.size(); ++i) linear[i] = linear_16_bit(static_cast<double>(i) / 255);
  meshes.add(
      "points", kPoints, points.size(), viewer.origin,
      [&](std::size_t i) -> const Point& { return points[i].position; },
      [&](std::size_t i) {
        const auto& c = points[i].rgb;
        return std::array<std::uint16_t, 4>{linear[c[0]], linear[c[1]], linear[c[2]], 65535};
      });
}

/// A node that looks where the photo was taken from; a glTF camera looks along -z with y up.
void add_viewpoint(Json& gltf, const scene::View& view, const Point& origin) {
  const Camera camera = view.photo_camera();
  const auto& k = camera.intrinsics;
  std::array<double, 16> pose = world_from_camera(camera);
  for (std::size_t row = 0; row < 3; ++row) {
    pose[4 * row + 1] = -pose[4 * row + 1];
    pose[4 * row + 2] = -pose[4 * row + 2];
    pose[4 * row + 3] -= origin[row];
  }
  const double width = view.place.photo_size.width;
  const double height = view.place.photo_size.height;
  gltf["cameras"].push_back({{"type", "perspective"},
                             {"perspective",
                              {{"yfov", 2 * std::atan(height / 2 / k[4])},
                               {"aspectRatio", width * k[4] / (height * k[0])},
                               {"znear", 0.001}}}});
  gltf["nodes"].push_back({{"name", "view_" + view.name},
                           {"matrix", column_major(pose)},
                           {"camera", gltf["cameras"].size() - 1},
                           {"extras", {{"photo", image_name(view)}, {"intrinsics", k}}}});
}

Json document(const Viewer& viewer) {
  return {{"asset", {{"version", "2.0"}, {"generator", "da3 " + std::string(version())}}},
          {"extensionsUsed", {"KHR_materials_unlit"}},
          {"scene", 0},
          {"scenes", {{{"nodes", {0}}}}},
          {"nodes", {{{"name", "viewer"}, {"matrix", column_major(viewer.viewer_from_world)}}}},
          {"materials",
           {{{"name", "unlit"},
             {"pbrMetallicRoughness", {{"metallicFactor", 0}, {"roughnessFactor", 1}}},
             {"extensions", {{"KHR_materials_unlit", Json::object()}}}}}}};
}

/// All nodes but the root become its children, below a node that puts the origin back where one was taken
/// off.
void link_nodes(Json& gltf, const Point& origin) {
  Json children = Json::array();
  for (std::size_t i = 1; i < gltf["nodes"].size(); ++i) children.push_back(i);
  if (origin != Point{}) {
    gltf["nodes"].push_back({{"name", "origin"}, {"translation", origin}, {"children", children}});
    children = Json::array({gltf["nodes"].size() - 1});
  }
  if (!children.empty()) gltf["nodes"][0]["children"] = children;
}

void put_chunk_header(ByteWriter& file, std::size_t bytes, const char* type) {
  file.put(static_cast<std::uint32_t>(bytes));
  file.put_text({type, 4});
}

}  // namespace

Bytes encode_glb(const scene::Scene& scene, const GlbOptions& options) {
  constexpr std::size_t kBytesOfVertex = 3 * sizeof(float) + 4 * sizeof(std::uint16_t);
  const std::size_t expected = kBytesOfVertex * (scene.cloud.points.size() + 16 * scene.views.size());
  constexpr std::size_t kLimit = std::numeric_limits<std::uint32_t>::max() - (std::size_t{1} << 24U);
  if (expected >= kLimit) {
    throw Error(ErrorCode::kUsage,
                "scene.glb: " + std::to_string(scene.cloud.points.size()) +
                    " points do not fit a GLB file of 4 GiB; give --max-points, or another format");
  }
  const Viewer viewer = viewer_of(scene);
  Json gltf = document(viewer);
  ByteWriter bin(expected);
  MeshWriter meshes(gltf, bin);
  if (!scene.cloud.points.empty()) add_points(meshes, scene.cloud.points, viewer);
  if (options.cameras && !scene.views.empty()) {
    add_outlines(meshes, scene, viewer);
    for (const scene::View& view : scene.views) add_viewpoint(gltf, view, viewer.origin);
  }
  link_nodes(gltf, viewer.origin);
  const Bytes data = bin.take();  // Of whole 4-byte words: 12 or 8 bytes a vertex
  if (!data.empty()) gltf["buffers"].push_back({{"byteLength", data.size()}});

  std::string text = gltf.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.append((4 - text.size() % 4) % 4, ' ');
  constexpr std::size_t kHeader = 12;
  constexpr std::size_t kChunkHeader = 8;
  const std::size_t total =
      kHeader + kChunkHeader + text.size() + (data.empty() ? 0 : kChunkHeader + data.size());
  ByteWriter file(total);
  file.put_text("glTF");
  file.put(std::uint32_t{2});
  file.put(static_cast<std::uint32_t>(total));
  put_chunk_header(file, text.size(), "JSON");
  file.put_text(text);
  if (!data.empty()) {
    put_chunk_header(file, data.size(), "BIN\0");
    file.put_text({reinterpret_cast<const char*>(data.data()), data.size()});
  }
  return file.take();
}

}  // namespace da3::formats
