// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <numeric>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/json_reading.hpp>
#include <core/sha256.hpp>
#include <core/stored_zip.hpp>
#include <run/scene/window_store.hpp>

// A window's file: one line of JSON, then for each view the numbers of its camera (float64) and its maps
// (float32), then Gaussians and layers of the network (float32), as the machine has them. It is read where it
// was written, and only if its checksum is right.
namespace da3::run {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kSuffix = ".window";

static_assert(std::is_trivially_copyable_v<scene::Gaussian>, "written as it lies in memory");

template <typename Values>
void append(std::vector<std::uint8_t>& bytes, const Values& values) {
  const auto* const from = reinterpret_cast<const std::uint8_t*>(values.data());
  bytes.insert(bytes.end(), from, from + values.size() * sizeof(values[0]));
}

template <typename Values>
void take(std::span<const std::uint8_t>& bytes, Values& values) {
  const std::size_t size = values.size() * sizeof(values[0]);
  if (size != 0) std::memcpy(values.data(), bytes.data(), size);
  bytes = bytes.subspan(size);
}

std::size_t view_bytes(const scene::View& view, std::size_t maps) {
  return sizeof(Camera) + maps * view.input.size.area() * sizeof(float);
}

std::size_t count_of(const Json& value) {
  return core::whole_number<std::size_t>(value).value();
}

std::vector<std::size_t> counts_of(const Json& values) {
  std::vector<std::size_t> counts;
  for (const Json& value : values) counts.push_back(count_of(value));
  return counts;
}

/// What must be equal for a window to be the one that is looked for. The photos, too: its numbers are those
/// of the readable ones, and what could not be read when it was kept may be readable now, or the other way
/// round.
Json identity(const std::string& digest, const scene::Window& window, const std::vector<scene::View>& views) {
  core::Sha256 photos;
  for (const scene::View& view : views) {
    for (const std::string_view part : {std::string_view(view.name), std::string_view(view.file.native())}) {
      photos.update(std::to_string(part.size()) + ":");
      photos.update(part);
    }
  }
  const Size size = views.front().input.size;
  return {digest, window.begin, window.end, size.height, size.width, photos.finish()};
}

}  // namespace

WindowStore::WindowStore(const std::filesystem::path& scene_folder, std::string digest)
    : folder_(scene_folder / ".da3-windows"), digest_(std::move(digest)) {
  std::error_code failed;
  if (!std::filesystem::is_symlink(folder_, failed)) return;
  throw Error(ErrorCode::kOutputExists, folder_.string() +
                                            ": da3 keeps windows of the scene under this name, but this is a "
                                            "link; move it away, or give another folder with --output");
}

std::filesystem::path WindowStore::file_of(const scene::Window& window) const {
  return folder_ / (std::to_string(window.begin) + "-" + std::to_string(window.end) + std::string(kSuffix));
}

std::optional<WindowStore::Facts> WindowStore::read(const scene::Window& window,
                                                    std::vector<scene::View>& views) const {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(file_of(window), failed)) return std::nullopt;
  std::ifstream stream(file_of(window), std::ios::binary);
  std::string line;
  if (!std::getline(stream, line)) return std::nullopt;
  const Json header = core::read_json(line);
  if (!header.is_object()) return std::nullopt;
  try {
    if (header.at("identity") != identity(digest_, window, views)) return std::nullopt;
    const bool confident = header.at("confidence").get<bool>();
    const bool sky = header.at("sky").get<bool>();
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
    const std::size_t maps = 1U + (confident ? 1U : 0U) + (sky ? 1U : 0U);
    Facts facts;
    const auto num_gaussians = count_of(header.at("gaussians"));
    const std::vector<std::size_t> layers = counts_of(header.at("layers"));
    const std::size_t numbers = std::accumulate(layers.begin(), layers.end(), std::size_t{0});
    if (bytes.size() != views.size() * view_bytes(views.front(), maps) +
                            num_gaussians * sizeof(scene::Gaussian) + numbers * sizeof(float))
      return std::nullopt;
    if (core::crc32(std::as_bytes(std::span(bytes))) != core::whole_number<std::uint32_t>(header.at("crc32")))
      return std::nullopt;
    if (!header.at("reference").is_null()) facts.reference = count_of(header.at("reference"));
    facts.forward_ms = header.at("forward_ms").get<double>();
    facts.without_rays = counts_of(header.at("without_rays"));
    facts.dropped_gaussians = count_of(header.at("dropped_gaussians"));
    const Json& spreads = header.at("origin_spreads");
    std::span<const std::uint8_t> rest(bytes);
    for (std::size_t i = 0; i < views.size(); ++i) {
      scene::View& view = views[i];
      if (!spreads.at(i).is_null()) view.origin_spread = spreads.at(i).get<double>();
      take(rest, view.camera.camera_from_world);
      take(rest, view.camera.intrinsics);
      const std::size_t area = view.input.size.area();
      view.depth.resize(area);
      view.confidence.resize(confident ? area : 0);
      view.sky.resize(sky ? area : 0);
      take(rest, view.depth);
      take(rest, view.confidence);
      take(rest, view.sky);
    }
    facts.gaussians.resize(num_gaussians);
    take(rest, facts.gaussians);
    for (const std::size_t size : layers) {
      facts.layers.emplace_back(size);
      take(rest, facts.layers.back());
    }
    return facts;
  } catch (const std::exception&) {
    return std::nullopt;  // A header that this da3 does not write
  }
}

void WindowStore::write(const scene::Window& window, const std::vector<scene::View>& views,
                        const Facts& facts) const {
  std::vector<std::uint8_t> maps;
  Json spreads = Json::array();
  for (const scene::View& view : views) {
    spreads.push_back(view.origin_spread ? Json(*view.origin_spread) : Json());
    append(maps, view.camera.camera_from_world);
    append(maps, view.camera.intrinsics);
    append(maps, view.depth);
    append(maps, view.confidence);
    append(maps, view.sky);
  }
  append(maps, facts.gaussians);
  Json layers = Json::array();
  for (const std::vector<float>& layer : facts.layers) {
    append(maps, layer);
    layers.push_back(layer.size());
  }
  const Json header = {{"identity", identity(digest_, window, views)},
                       {"confidence", !views.front().confidence.empty()},
                       {"sky", !views.front().sky.empty()},
                       {"reference", facts.reference ? Json(*facts.reference) : Json()},
                       {"forward_ms", facts.forward_ms},
                       {"without_rays", facts.without_rays},
                       {"gaussians", facts.gaussians.size()},
                       {"dropped_gaussians", facts.dropped_gaussians},
                       {"layers", std::move(layers)},
                       {"origin_spreads", std::move(spreads)},
                       {"crc32", core::crc32(std::as_bytes(std::span(maps)))}};
  const std::string line = header.dump() + '\n';
  core::ensure_folder(folder_);
  core::AtomicFile file(file_of(window), line.size() + maps.size());
  file.write({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()});
  file.write(maps);
  file.finish(core::Existing::kReplace);
}

void WindowStore::clear() const {
  std::error_code failed;
  if (!std::filesystem::is_directory(folder_, failed)) return;
  core::remove_dead_temporaries(folder_);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failed)) {
    if (entry.path().extension() == kSuffix) files.push_back(entry.path());
  }
  for (const auto& file : files) std::filesystem::remove(file, failed);
  std::filesystem::remove(folder_, failed);  // Not if something else lies in it.
}

}  // namespace da3::run
