// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include <codec/decode.hpp>
#include <codec/file_bytes.hpp>
#include <codec/jpeg_encode.hpp>
#include <formats/depth_statistics.hpp>
#include <formats/encode.hpp>
#include <formats/float_formats.hpp>
#include <formats/html/scene_page.hpp>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/parallel.hpp>
#include <core/write_failure.hpp>
#include <image/colormap.hpp>
#include <image/order_statistics.hpp>
#include <run/scene/feature_pictures.hpp>
#include <run/scene/scene_cameras.hpp>
#include <run/scene/scene_files.hpp>
#include <run/scene/scene_photos.hpp>

namespace da3::run {
namespace {

constexpr int kUprightQuality = 95;
constexpr int kPageQuality = 85;
constexpr const char* kColmap = "colmap";
constexpr const char* kImage = "image";
constexpr const char* kColmapFolder = "sparse/0";

bool wants_images(const SceneOptions& options) {
  return wants(options, "colmap") || wants(options, "transforms");
}

bool wants_points_file(const SceneOptions& options) {
  return wants(options, "ply") || wants(options, "transforms");
}

std::vector<formats::Format> depth_formats(const SceneOptions& options) {
  return formats::parse_formats(options.depth_formats);
}

std::string feature_file(const scene::View& view, int layer, const char* extension) {
  return "features/" + view.name + ".layer" + std::to_string(layer) + extension;
}

std::string depth_file(const scene::View& view, formats::Format format) {
  return "depth/" + view.name + std::string(formats::suffix(format));
}

std::vector<std::string> colmap_names(const SceneOptions& options) {
  const char* const end = options.colmap_text ? ".txt" : ".bin";
  const std::string folder = std::string(kColmapFolder) + "/";
  return {folder + "cameras" + end, folder + "images" + end, folder + "points3D" + end};
}

/// True where a photo lies already where its image belongs, as in PROJECT/images with the output PROJECT. Not
/// for a hard link of an earlier run, which is a file of its own.
bool is_in_place(const scene::View& view, const std::filesystem::path& folder) {
  std::error_code failed;
  const auto image = std::filesystem::canonical(folder / "images" / formats::image_name(view), failed);
  return !failed && !formats::is_copied_as_jpeg(view) &&
         image == std::filesystem::canonical(view.file, failed) && !failed;
}

/// Smallest and largest value of all views.
std::pair<float, float> common_range(const scene::Scene& scene) {
  float low = std::numeric_limits<float>::infinity();
  float high = -low;
  for (const scene::View& view : scene.views) {
    const auto range = image::finite_range(view.depth);
    if (!range) continue;
    low = std::min(low, range->first);
    high = std::max(high, range->second);
  }
  return low <= high ? std::pair{low, high} : std::pair{0.0F, 0.0F};
}

/// Nearest and farthest depth that pictures show: one pair, so that a colour means one depth in all of them.
std::optional<std::pair<double, double>> shown_range(const scene::Scene& scene) {
  std::vector<float> inverse;
  for (const scene::View& view : scene.views) {
    for (const float depth : view.depth) {
      if (std::isfinite(depth) && depth > 0) inverse.push_back(1 / depth);
    }
  }
  if (inverse.empty()) return std::nullopt;
  constexpr std::array<double, 2> kEnds{2, 98};
  const std::vector<double> ends = image::percentiles(inverse, kEnds);
  if (!(ends[0] > 0) || !(ends[0] < ends[1])) return std::nullopt;
  return std::pair{1 / ends[1], 1 / ends[0]};
}

DepthMap result_map(const SceneOptions& options, const scene::View& view, const std::vector<float>& values) {
  return options.size == options::ResultSize::kModel ? DepthMap{view.input.size, values}
                                                     : photo_map(view, values);
}

class Writer {
 public:
  Writer(const SceneOptions& options, const scene::Scene& scene, const depth::Way& way,
         const std::filesystem::path& folder, const journal::SceneJournal& journal)
      : options_(options), scene_(scene), way_(way), folder_(folder), journal_(journal) {
    vis_.colormap = options.colormap;
    vis_.range = shown_range(scene);
    range_ = common_range(scene);
  }

  void write_depth(const scene::View& view) const {
    const std::vector<formats::Format> wanted = depth_formats(options_);
    if (wanted.empty()) return;
    formats::OutputSet set;
    set.depth = result_map(options_, view, view.depth);
    if (options_.confidence && !view.confidence.empty())
      set.confidence = result_map(options_, view, view.confidence);
    if (options_.sky && !view.sky.empty()) set.sky = result_map(options_, view, view.sky);
    // Millimetres where the scene is in metres, whoever says so: the network or given cameras.
    set.kind = scene_.unit == scene::Unit::kMetres ? DepthKind::kMetric : DepthKind::kRelative;
    if (scene_.unit == scene::Unit::kMetres) set.unit.emplace("m");
    set.range = range_;
    if (std::ranges::any_of(wanted, formats::shows_photo)) {
      set.photo = options_.size == options::ResultSize::kModel ? view.input : read_photo(view);
    }
    for (const formats::EncodedFile& file : formats::encode(set, wanted, {.vis = vis_}).files)
      put(depth_file(view, file.format), file.bytes);
  }

  /// (rows, columns, C) of each layer of a view, and its picture. `colours`: of all views, for each layer.
  void write_features(std::size_t index, const FeatureMaps& maps,
                      const std::vector<std::vector<std::uint8_t>>& colours) const {
    const scene::View& view = scene_.views[index];
    for (std::size_t i = 0; i < maps.layers.size(); ++i) {
      const std::size_t numbers = maps.layers[i].size() / scene_.views.size();
      const auto values = std::span(maps.layers[i]).subspan(index * numbers, numbers);
      const auto rows = static_cast<std::size_t>(maps.size.height);
      const auto columns = static_cast<std::size_t>(maps.size.width);
      formats::NpyArray array{"<f4", {rows, columns, numbers / (rows * columns)}, {}};
      array.data.resize(values.size_bytes());
      std::memcpy(array.data.data(), values.data(), values.size_bytes());
      put(feature_file(view, options_.features[i], ".npy"), formats::encode_npy(array));
      if (colours.empty()) continue;
      const auto of_view = std::span(colours[i]).subspan(index * rows * columns * 3, rows * columns * 3);
      put(feature_file(view, options_.features[i], ".png"),
          encode_feature_picture(view, maps.size, of_view, options_.size));
    }
  }

  /// Below the limit that held when it was read for the network.
  Image read_photo(const scene::View& view) const {
    return codec::decode_file(view.file, decode_options(options_)).image;
  }

  /// The photo itself where other tools read it, and as it is shown: a hard link, or a copy.
  void write_image(const scene::View& view) const {
    if (is_in_place(view, folder_)) return;
    const std::string name = "images/" + formats::image_name(view);
    if (formats::is_copied_as_jpeg(view)) {
      put(name, codec::encode_jpeg(read_photo(view), kUprightQuality));
      return;
    }
    const std::filesystem::path target = folder_ / name;
    core::ensure_folder(target.parent_path(), core::NamedBy::kInput);
    std::error_code failed;
    if (journal_.owns(name)) std::filesystem::remove(target, failed);
    std::filesystem::create_hard_link(std::filesystem::canonical(view.file), target, failed);
    if (!failed) return;
    put(name, codec::read_file(view.file));
  }

  void write_scene_files() const {
    if (wants(options_, "glb"))
      put("scene.glb", formats::encode_glb(scene_, {.cameras = !options_.no_cameras}));
    if (wants_points_file(options_))
      put("points.ply", formats::encode_points_ply(scene_, options_.point_confidence));
    if (wants(options_, "gaussians"))
      put("gaussians.ply", formats::encode_gaussians_ply(scene_.gaussians, options_.harmonics_degree).bytes);
    if (wants(options_, "cameras")) put("cameras.json", formats::encode_cameras_json(scene_));
    if (wants(options_, "npz")) put("scene.npz", formats::encode_scene_npz(scene_));
    if (wants(options_, "colmap")) {
      std::vector<formats::TrackElement> tracks;
      if (options_.tracks) tracks = formats::tracks_of(scene_);
      const auto files = formats::encode_colmap(scene_, options_.colmap_text, tracks);
      for (const auto& [name, bytes] : files) put("sparse/0/" + name, bytes);
    }
    if (wants(options_, "transforms")) {
      formats::TransformsFiles files;
      files.points = "points.ply";
      if (formats::contains(depth_formats(options_), formats::Format::kPng16) &&
          options_.size == options::ResultSize::kInput) {
        for (const scene::View& view : scene_.views)
          files.depth.push_back(depth_file(view, formats::Format::kPng16));
      }
      put("transforms.json", formats::encode_transforms_json(scene_, files));
    }
  }

  void write_page(const PageFacts& facts, int threads) const {
    formats::ScenePage page;
    page.title =
        folder_.filename().empty() ? folder_.parent_path().filename().string() : folder_.filename().string();
    page.facts = facts.facts;
    page.warnings = facts.warnings;
    page.views.resize(scene_.views.size());
    core::for_each_parallel(scene_.views.size(), threads, [&](std::size_t i) {
      const scene::View& view = scene_.views[i];
      formats::PageView& shown = page.views[i];
      const DepthMap depth{view.input.size, view.depth};
      shown.photo = codec::encode_jpeg(view.input, kPageQuality);
      shown.depth = codec::encode_jpeg(image::render_depth(depth, way_.result_kind, vis_), kPageQuality);
      shown.statistics = formats::summarise(depth).values;
    });
    for (const scene::Point& point : scene_.cloud.points) ++page.views[point.view].points;
    put("index.html", formats::encode_scene_page(scene_, page));
  }

 private:
  void put(const std::string& name, const std::vector<std::uint8_t>& bytes) const {
    const std::filesystem::path target = folder_ / name;
    core::ensure_folder(target.parent_path(), core::NamedBy::kInput);
    core::write_file(target, bytes, journal_.owns(name) ? core::Existing::kReplace : core::Existing::kRefuse);
  }

  const SceneOptions& options_;
  const scene::Scene& scene_;
  const depth::Way& way_;
  const std::filesystem::path& folder_;
  const journal::SceneJournal& journal_;
  image::VisOptions vis_;
  std::pair<float, float> range_;
};

}  // namespace

bool wants(const SceneOptions& options, std::string_view format) {
  return std::find(options.formats.begin(), options.formats.end(), format) != options.formats.end();
}

SceneOutputs scene_outputs(const SceneOptions& options) {
  SceneOutputs outputs;
  if (wants(options, "glb")) outputs.emplace_back("glb", "scene.glb");
  if (wants_points_file(options)) outputs.emplace_back("ply", "points.ply");
  if (wants(options, "cameras")) outputs.emplace_back("cameras", "cameras.json");
  if (wants(options, "transforms")) outputs.emplace_back("transforms", "transforms.json");
  if (wants(options, "npz")) outputs.emplace_back("npz", "scene.npz");
  if (wants(options, "html")) outputs.emplace_back("html", "index.html");
  if (wants(options, "gaussians")) outputs.emplace_back("gaussians", "gaussians.ply");
  if (wants(options, kColmap)) outputs.emplace_back(kColmap, kColmapFolder);
  return outputs;
}

SceneOutputs view_outputs(const SceneOptions& options, const scene::View& view) {
  SceneOutputs outputs;
  for (const formats::Format format : depth_formats(options))
    outputs.emplace_back(std::string(to_string(format)), depth_file(view, format));
  if (wants_images(options)) outputs.emplace_back(kImage, "images/" + formats::image_name(view));
  for (const int layer : options.features) {
    const std::string name = "layer" + std::to_string(layer);
    outputs.emplace_back(name, feature_file(view, layer, ".npy"));
    if (options.feature_pictures) outputs.emplace_back(name + ".png", feature_file(view, layer, ".png"));
  }
  return outputs;
}

std::vector<std::string> planned_files(const SceneOptions& options, const std::vector<scene::View>& views,
                                       const std::filesystem::path& folder) {
  std::vector<std::string> files;
  for (auto& [format, file] : scene_outputs(options)) {
    if (format != kColmap) files.push_back(std::move(file));
  }
  if (wants(options, kColmap)) {
    for (std::string& name : colmap_names(options)) files.push_back(std::move(name));
  }
  for (const scene::View& view : views) {
    const bool in_place = is_in_place(view, folder);
    for (auto& [format, file] : view_outputs(options, view)) {
      if (format != kImage || !in_place) files.push_back(std::move(file));
    }
  }
  return files;
}

void check_names(const std::vector<std::string>& files, const std::filesystem::path& folder) {
  const long longest = pathconf(folder.c_str(), _PC_NAME_MAX);
  if (longest <= 0) return;  // Not known: the write itself will say
  for (const std::string& file : files) {
    if (std::filesystem::path(file).filename().native().size() <= static_cast<std::size_t>(longest)) continue;
    throw core::write_failure(folder / file, ENAMETOOLONG);
  }
}

void check_files(const SceneOptions& options, const std::vector<scene::View>& views) {
  if (wants(options, kColmap)) require_no_skew(views, "--format colmap");
  if (wants(options, "transforms")) require_no_skew(views, "--format transforms");
  if (!wants(options, kColmap) || !options.colmap_text) return;
  for (const scene::View& view : views) {
    const std::string name = formats::image_name(view);
    if (name.find_first_of(" \t\r\n") == std::string::npos) continue;
    throw Error(ErrorCode::kUsage, "--colmap-text: COLMAP cuts the name '" + name +
                                       "' at its blank; rename the photo or leave out --colmap-text");
  }
}

void write_scene(const SceneOptions& options, const scene::Scene& scene, const depth::Way& way,
                 const PageFacts& page, const FeatureMaps& features, int threads,
                 const std::filesystem::path& folder, const journal::SceneJournal& journal) {
  const Writer writer(options, scene, way, folder, journal);
  std::vector<std::vector<std::uint8_t>> colours(options.feature_pictures ? features.layers.size() : 0);
  core::for_each_parallel(colours.size(), threads, [&](std::size_t i) {
    colours[i] = feature_colours(features, i, scene.views.size());
  });
  core::for_each_parallel(scene.views.size(), threads, [&](std::size_t i) {
    writer.write_depth(scene.views[i]);
    if (wants_images(options)) writer.write_image(scene.views[i]);
    writer.write_features(i, features, colours);
  });
  writer.write_scene_files();
  if (wants(options, "html")) writer.write_page(page, threads);
}

}  // namespace da3::run
