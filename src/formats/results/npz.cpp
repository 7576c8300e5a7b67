// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include <formats/results/encoding.hpp>
#include <formats/results/reading.hpp>
#include <zip.h>

namespace da3::formats {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::vector<std::uint8_t> zip_entry(zip_t* archive, const char* entry, const std::string& name,
                                    std::uint64_t limit) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat(archive, entry, 0, &stat) != 0) return {};
  const std::unique_ptr<zip_file_t, Discard> file(zip_fopen(archive, entry, 0));
  // Deflate packs to no less than 1/1032; a size beyond that is no truth.
  if (!file || (stat.valid & ZIP_STAT_SIZE) == 0 || stat.size / 1033 > limit)
    refuse_file(name, "its entries cannot be read");
  std::vector<std::uint8_t> bytes(stat.size);
  if (zip_fread(file.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size())) {
    refuse_file(name, std::string("its entry ") + entry + " is damaged");
  }
  return bytes;
}

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
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) throw std::bad_alloc();
  const std::unique_ptr<zip_t, Discard> archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (!archive) {
    zip_source_free(source);
    refuse_file(name, "not a zip archive");
  }
  OutputSet set;
  const auto entry = [&](const char* key) { return zip_entry(archive.get(), key, name, bytes.size()); };
  const std::vector<std::uint8_t> depth = entry("depth.npy");
  if (depth.empty()) refuse_file(name, "it has no array depth");
  set.depth = map_of_npy(depth, name);
  if (const auto confidence = entry("confidence.npy"); !confidence.empty())
    set.confidence = map_of_npy(confidence, name);
  if (const auto sky = entry("sky.npy"); !sky.empty()) set.sky = map_of_npy(sky, name);
  if (const auto camera = entry("intrinsics.npy"); !camera.empty()) {
    const Npy npy = parse_npy(camera, name);
    std::array<double, 9> matrix{};
    if (npy.header.find("'<f8'") != std::string::npos && npy.data.size() >= sizeof(matrix)) {
      std::memcpy(matrix.data(), npy.data.data(), sizeof(matrix));
      set.camera = image::Intrinsics{matrix[0], matrix[4], matrix[2], matrix[5]};
    }
  }
  return set;
}

}  // namespace da3::formats
