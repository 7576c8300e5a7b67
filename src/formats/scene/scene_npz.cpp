// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <formats/float_formats.hpp>
#include <formats/scene/byte_writer.hpp>
#include <formats/scene/scene_files.hpp>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

/// (S, H, W) of the map that `choose` takes from each view; none if a view lacks it.
template <typename Choose>
std::optional<NpyArray> stack(const std::vector<SceneMaps>& maps, Size size, Choose choose) {
  ByteWriter data(maps.size() * size.area() * sizeof(float));
  for (const SceneMaps& view : maps) {
    const DepthMap* map = choose(view);
    if (map == nullptr) return std::nullopt;
    if (map->size != size)
      throw Error(ErrorCode::kInternal, "scene.npz: the views' maps have different sizes");
    data.put_all(map->values);
  }
  return NpyArray{"<f4",
                  {maps.size(), static_cast<std::size_t>(size.height), static_cast<std::size_t>(size.width)},
                  data.take()};
}

template <typename Number, std::size_t kCount, typename Choose>
NpyArray table(const char* type, const std::vector<SceneMaps>& maps, std::vector<std::size_t> shape,
               Choose choose) {
  ByteWriter data(maps.size() * kCount * sizeof(Number));
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const std::array<Number, kCount> row = choose(i);
    data.put_all(row);
  }
  shape.insert(shape.begin(), maps.size());
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

NpyArray names(const std::vector<SceneView>& views) {
  std::vector<std::u32string> texts;
  std::size_t longest = 1;
  for (const SceneView& view : views) {
    texts.push_back(code_points(view.name));
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

Bytes encode_scene_npz(const SceneData& scene, const std::vector<SceneMaps>& maps) {
  if (maps.empty() || maps.size() != scene.views.size()) {
    throw Error(ErrorCode::kInternal, "scene.npz: a view without maps");
  }
  const Size size = maps.front().depth.size;
  std::vector<std::pair<std::string, NpyArray>> arrays;
  const auto add = [&](const char* name, std::optional<NpyArray> array) {
    if (array) arrays.emplace_back(name, std::move(*array));
  };
  add("depth", stack(maps, size, [](const SceneMaps& view) { return &view.depth; }));
  add("conf",
      stack(maps, size, [](const SceneMaps& view) { return view.confidence ? &*view.confidence : nullptr; }));
  add("sky", stack(maps, size, [](const SceneMaps& view) { return view.sky ? &*view.sky : nullptr; }));
  add("extrinsics", table<double, 12>("<f8", maps, {3, 4}, [&](std::size_t i) {
        return scene.views[i].camera.camera_from_world;
      }));
  add("intrinsics", table<double, 9>("<f8", maps, {3, 3}, [&](std::size_t i) { return maps[i].intrinsics; }));
  NpyArray image{
      "|u1",
      {maps.size(), static_cast<std::size_t>(size.height), static_cast<std::size_t>(size.width), 3},
      {}};
  image.data.reserve(maps.size() * size.area() * 3);
  for (const SceneMaps& view : maps)
    image.data.insert(image.data.end(), view.image.rgb.begin(), view.image.rgb.end());
  add("image", std::move(image));
  add("photo", names(scene.views));
  add("photo_size", table<std::int32_t, 2>("<i4", maps, {2}, [&](std::size_t i) {
        return std::array<std::int32_t, 2>{scene.views[i].photo.height, scene.views[i].photo.width};
      }));
  add("crop", table<std::int32_t, 4>("<i4", maps, {4}, [&](std::size_t i) { return maps[i].crop; }));
  return encode_npz(arrays);
}

}  // namespace da3::formats
