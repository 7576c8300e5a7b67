// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <formats/byte_writer.hpp>
#include <formats/float_formats.hpp>
#include <formats/scene/scene_files.hpp>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

using Views = std::vector<scene::View>;

std::vector<std::size_t> shape_of(const Views& views, std::initializer_list<std::size_t> rest = {}) {
  const Size size = views.front().input.size;
  std::vector<std::size_t> shape{views.size(), static_cast<std::size_t>(size.height),
                                 static_cast<std::size_t>(size.width)};
  shape.insert(shape.end(), rest);
  return shape;
}

/// (S, H, W) of a map of each view; none if a view lacks it.
std::optional<NpyArray> stack(const Views& views, std::vector<float> scene::View::* map) {
  ByteWriter data(views.size() * views.front().input.size.area() * sizeof(float));
  for (const scene::View& view : views) {
    if ((view.*map).empty()) return std::nullopt;
    data.put_all(view.*map);
  }
  return NpyArray{"<f4", shape_of(views), data.take()};
}

/// (S, ...) of what `row_of` makes of each view.
template <typename RowOf>
NpyArray table(const char* type, const Views& views, std::vector<std::size_t> shape, RowOf row_of) {
  ByteWriter data(views.size() * sizeof(row_of(views.front())));
  for (const scene::View& view : views) data.put_all(row_of(view));
  shape.insert(shape.begin(), views.size());
  return {type, std::move(shape), data.take()};
}

/// Code points of UTF-8 text; a byte that does not fit becomes U+FFFD.
std::u32string code_points(const std::string& text) {
  std::u32string points;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80    ? 1
                               : first >= 0xF0 ? 4
                               : first >= 0xE0 ? 3
                               : first >= 0xC0 ? 2
                                               : 0;
    char32_t point = length == 1 ? first : first & (0x7FU >> length);
    bool whole = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; whole && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      whole = (next & 0xC0U) == 0x80U;
      point = point << 6U | (next & 0x3FU);
    }
    points += whole && point < 0x110000 ? point : U'\uFFFD';
    i += whole ? length : 1;
  }
  return points;
}

NpyArray names(const Views& views) {
  std::vector<std::u32string> texts;
  std::size_t longest = 1;
  for (const scene::View& view : views) {
    texts.push_back(code_points(image_name(view)));
    longest = std::max(longest, texts.back().size());
  }
  ByteWriter data(texts.size() * longest * sizeof(char32_t));
  for (const std::u32string& text : texts) {
    for (std::size_t i = 0; i < longest; ++i)
      data.put(i < text.size() ? static_cast<std::uint32_t>(text[i]) : 0U);
  }
  return {"<U" + std::to_string(longest), {texts.size()}, data.take()};
}

}  // namespace

Bytes encode_scene_npz(const scene::Scene& scene) {
  const Views& views = scene.views;
  if (views.empty()) throw Error(ErrorCode::kInternal, "scene.npz: no views");
  const Size size = views.front().input.size;
  for (const scene::View& view : views) {
    if (view.input.size != size)
      throw Error(ErrorCode::kInternal, "scene.npz: the views' maps have different sizes");
  }
  std::vector<std::pair<std::string, NpyArray>> arrays;
  const auto add = [&](const char* name, std::optional<NpyArray> array) {
    if (array) arrays.emplace_back(name, std::move(*array));
  };
  add("depth", stack(views, &scene::View::depth));
  add("conf", stack(views, &scene::View::confidence));
  add("sky", stack(views, &scene::View::sky));
  add("extrinsics",
      table("<f8", views, {3, 4}, [](const scene::View& view) { return view.camera.camera_from_world; }));
  add("intrinsics",
      table("<f8", views, {3, 3}, [](const scene::View& view) { return view.camera.intrinsics; }));
  NpyArray image{"|u1", shape_of(views, {3}), {}};
  image.data.reserve(views.size() * size.area() * 3);
  for (const scene::View& view : views)
    image.data.insert(image.data.end(), view.input.rgb.begin(), view.input.rgb.end());
  add("image", std::move(image));
  add("photo", names(views));
  using Numbers = std::array<std::int32_t, 2>;
  add("photo_size", table("<i4", views, {2}, [](const scene::View& view) {
        return Numbers{view.place.photo_size.height, view.place.photo_size.width};
      }));
  add("crop", table("<i4", views, {4}, [](const scene::View& view) {
        return std::array<std::int32_t, 4>{view.place.top, view.place.left, view.input.size.height,
                                           view.input.size.width};
      }));
  return encode_npz(arrays);
}

}  // namespace da3::formats
