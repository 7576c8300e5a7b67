// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>
#include <string>

#include <formats/results/encoding.hpp>
#include <formats/results/reading.hpp>
#include <zip/archive.hpp>

namespace da3::formats {
namespace {

NpyArray array_of(const DepthMap& map) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(map.values.data());
  NpyArray array{
      "<f4", {static_cast<std::size_t>(map.size.height), static_cast<std::size_t>(map.size.width)}, {}};
  array.data.assign(bytes, bytes + map.values.size() * sizeof(float));
  return array;
}

/// The camera's 3x3 matrix.
NpyArray array_of(const image::Intrinsics& camera) {
  const std::array<double, 9> matrix{camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(matrix.data());
  return {"<f8", {3, 3}, {bytes, bytes + sizeof(matrix)}};
}

OutputSet set_of(FileBytes bytes, const std::string& name) {
  const zip::Archive archive = zip::open_bytes(bytes);
  OutputSet set;
  const auto entry = [&](const char* key) { return zip::read_entry(archive.get(), key, bytes.size()); };
  const auto depth = entry("depth.npy");
  if (!depth) refuse_file(name, "it has no array depth");
  set.depth = map_of_npy(*depth, name);
  if (const auto confidence = entry("confidence.npy")) set.confidence = map_of_npy(*confidence, name);
  if (const auto sky = entry("sky.npy")) set.sky = map_of_npy(*sky, name);
  if (const auto camera = entry("intrinsics.npy")) {
    const NpyView npy = npy_of(*camera, name);
    std::array<double, 9> matrix{};
    if (npy.type == "<f8" && npy.data.size() >= sizeof(matrix)) {
      std::memcpy(matrix.data(), npy.data.data(), sizeof(matrix));
      set.camera = image::Intrinsics{matrix[0], matrix[4], matrix[2], matrix[5]};
    }
  }
  return set;
}

}  // namespace

std::vector<std::uint8_t> encode_npz_file(Encoding& encoding) {
  const OutputSet& set = encoding.set;
  const NamedMaps maps = named_maps(set, "depth");
  if (!set.camera) return encode_npz(maps);
  std::vector<std::pair<std::string, NpyArray>> arrays;
  for (const auto& [name, map] : maps) arrays.emplace_back(name, array_of(*map));
  arrays.emplace_back("intrinsics", array_of(*set.camera));
  return encode_npz(arrays);
}

std::uint64_t need_npz(std::uint64_t pixels, std::uint64_t maps, const EncodeOptions& /*options*/) {
  // The packed arrays, libzip's pieces of the archive, and the file; an array and its packed copy on the way.
  return 4 * maps * sizeof(float) * pixels;
}

OutputSet read_npz(FileBytes bytes, const std::string& name) {
  try {
    return set_of(bytes, name);
  } catch (const zip::Unreadable& error) {
    refuse_file(name, error.what());
  }
}

}  // namespace da3::formats
