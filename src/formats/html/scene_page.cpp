// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>

#include <formats/byte_writer.hpp>
#include <formats/html/page_text.hpp>
#include <formats/html/scene_page.hpp>
#include <formats/scene/scene_files.hpp>
#include <formats/scene/viewer.hpp>
#include <page_source.hpp>

#include <da3/error.hpp>

#include <core/text_encoding.hpp>

namespace da3::formats {
namespace {

using Json = nlohmann::ordered_json;

std::string base64(const std::vector<std::uint8_t>& bytes) {
  return core::base64_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string picture_url(const std::vector<std::uint8_t>& jpeg) {
  return "data:image/jpeg;base64," + base64(jpeg);
}

/// float32 positions without the origin, then colours, as the page reads them.
std::string points_text(const std::vector<scene::Point>& points, const std::array<double, 3>& origin) {
  ByteWriter data(points.size() * (3 * sizeof(float) + 3));
  for (const scene::Point& point : points) {
    for (std::size_t k = 0; k < 3; ++k) data.put(static_cast<float>(point.position[k] - origin[k]));
  }
  for (const scene::Point& point : points) data.put_all(point.rgb);
  return base64(data.take());
}

Json view_entry(const scene::View& view, const PageView& shown, bool reference) {
  const Camera camera = view.photo_camera();
  Json entry = {{"name", image_name(view)},
                {"width", view.place.photo_size.width},
                {"height", view.place.photo_size.height},
                {"processed_width", view.input.size.width},
                {"camera_from_world", camera.camera_from_world},
                {"intrinsics", camera.intrinsics},
                {"reference", reference},
                {"points", shown.points},
                {"depth", nullptr},
                {"photo", picture_url(shown.photo)},
                {"depth_picture", picture_url(shown.depth)}};
  if (shown.statistics) {
    entry["depth"] = {
        {"p2", shown.statistics->p2}, {"median", shown.statistics->median}, {"p98", shown.statistics->p98}};
  }
  return entry;
}

}  // namespace

std::vector<std::uint8_t> encode_scene_page(const scene::Scene& scene, const ScenePage& page) {
  if (page.views.size() != scene.views.size()) {
    throw Error(ErrorCode::kInternal, "page: a view without pictures");
  }
  const Viewer viewer = viewer_of(scene);
  Json json = {{"title", page.title},
               {"unit", to_string(scene.unit)},
               {"viewer", viewer.viewer_from_world},
               {"origin", viewer.origin},
               {"points", scene.cloud.points.size()},
               {"views", Json::array()},
               {"facts", Json::array()},
               {"warnings", page.warnings}};
  for (std::size_t i = 0; i < scene.views.size(); ++i) {
    json["views"].push_back(view_entry(scene.views[i], page.views[i], i == scene.reference));
  }
  for (const auto& [name, value] : page.facts) json["facts"].push_back({name, value});
  std::string script;
  for (const std::string_view part : {page_source::k_compare_js, page_source::k_matrix_js,
                                      page_source::k_cloud_js, page_source::k_scene_js}) {
    script += part;
  }
  return fill_page(page_source::k_scene_html, {{"style", page_source::k_page_css},
                                               {"script", script},
                                               {"scene", json_for_page(json)},
                                               {"points", points_text(scene.cloud.points, viewer.origin)}});
}

}  // namespace da3::formats
