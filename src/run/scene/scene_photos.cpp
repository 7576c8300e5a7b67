// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <image/preprocess.hpp>
#include <run/input_source.hpp>
#include <run/scene/scene_photos.hpp>

namespace da3::run {
namespace {

Options source_options(const SceneOptions& options) {
  Options source;
  static_cast<options::Inputs&>(source) = options;
  source.recursive = options.recursive || options.per_folder;
  source.limit.reset();
  source.output_dir = options.output_dir;
  return source;
}

/// The folder that a photo lies in, as a name below the output folder.
std::string group_of(const Item& item) {
  const std::string parent = std::filesystem::path(item.stem()).parent_path().string();
  if (!parent.empty()) return parent;
  const auto folder = std::filesystem::absolute(item.path).parent_path();
  return folder.filename().string();
}

/// Names of photos that would be equal get the folder before them, unless they have it.
void name_photos(std::vector<ScenePhoto>& photos) {
  std::map<std::string, int> counts;
  for (const ScenePhoto& photo : photos) ++counts[photo.name];
  std::set<std::string> taken;
  for (ScenePhoto& photo : photos) {
    if (counts[photo.name] > 1 && photo.name.find('/') == std::string::npos) {
      const auto folder = std::filesystem::absolute(photo.path).parent_path().filename().string();
      photo.name = folder + "/" + photo.name;
    }
    if (!taken.insert(photo.name).second) {
      throw Error(ErrorCode::kOutputCollision,
                  photo.path + ": another photo of this scene has the name " + photo.name +
                      " too; rename one of them, or give the folder that holds both");
    }
  }
}

/// The photos found so far, by scene.
class Scenes {
 public:
  explicit Scenes(const SceneOptions& options) : options_(options) {}

  /// A photo that comes again, as in a list, is the same view.
  void add(const Item& item) {
    std::error_code no_working_folder;
    std::filesystem::path path = std::filesystem::absolute(item.path, no_working_folder);
    path = (no_working_folder ? std::filesystem::path(item.path) : path).lexically_normal();
    if (!paths_.insert(path.string()).second) return;
    scenes_[scene_of(item, path.parent_path())].photos.push_back(photo_of(item));
  }

  std::vector<SceneInput> take() { return std::move(scenes_); }

 private:
  /// The index of a photo's scene. Throws: Error kOutputCollision for folders that share a name.
  std::size_t scene_of(const Item& item, const std::filesystem::path& folder) {
    const std::string group = options_.per_folder ? group_of(item) : "";
    const auto [place, is_new] = by_group_.emplace(group, Group{scenes_.size(), folder});
    if (is_new) {
      scenes_.push_back({group.empty() ? options_.output_dir : options_.output_dir / group, {}});
    } else if (options_.per_folder && !is_same(place->second.folder, folder)) {
      throw Error(ErrorCode::kOutputCollision,
                  place->second.folder.string() + " and " + folder.string() +
                      ": with --per-folder the scenes of both would be " +
                      (options_.output_dir / group).string() +
                      "; rename one of the folders, or give each its own run and --output");
    }
    return place->second.scene;
  }

  ScenePhoto photo_of(const Item& item) const {
    ScenePhoto photo;
    photo.path = item.path;
    photo.name = item.stem();
    if (options_.per_folder) photo.name = std::filesystem::path(photo.name).filename().string();
    if (item.error) {
      photo.error = *item.error;
    } else if (item.unsupported) {
      photo.error = Error(ErrorCode::kImageUnsupported, item.path + ": files of this type are not read");
    } else {
      photo.identity = input_identity(item.path);
    }
    return photo;
  }

  static bool is_same(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code failed;
    return a == b || std::filesystem::equivalent(a, b, failed);
  }

  struct Group {
    std::size_t scene = 0;
    std::filesystem::path folder;
  };

  const SceneOptions& options_;
  std::vector<SceneInput> scenes_;
  std::map<std::string, Group> by_group_;
  std::set<std::string> paths_;
};

/// Where the network's input lies in a photo of that size, before any cut for other views.
scene::Placement placement_of(const depth::Way& way, Size photo) {
  const Size input = depth::processed_size(way, photo);
  const image::Scale scale = depth::processed_scale(way, photo);
  scene::Placement place{photo, input, 0, 0};
  // A crop's resized photo is larger than what is left of it.
  place.resized.height = std::max(input.height, static_cast<int>(std::lround(scale.y * photo.height)));
  place.resized.width = std::max(input.width, static_cast<int>(std::lround(scale.x * photo.width)));
  place.top = (place.resized.height - input.height) / 2;
  place.left = (place.resized.width - input.width) / 2;
  return place;
}

/// Where a row or column of a photo lies in a map that shows part of it.
struct Between {
  bool is_inside = false;
  std::size_t before = 0;
  std::size_t after = 0;
  float share = 0;  ///< Of `after`
};

/// Of each pixel of a photo's side; `position`: of the map in the resized photo. Interpolation is linear
/// between the middles of pixels, as without a cut.
std::vector<Between> betweens(int photo, int resized, int position, int length) {
  std::vector<Between> all(static_cast<std::size_t>(photo));
  for (int i = 0; i < photo; ++i) {
    const double at = (i + 0.5) * resized / photo - position;
    if (at < 0 || at >= length) continue;
    const double from = std::clamp(at - 0.5, 0.0, length - 1.0);
    const auto before = static_cast<std::size_t>(from);
    all[static_cast<std::size_t>(i)] = {true, before,
                                        std::min(before + 1, static_cast<std::size_t>(length - 1)),
                                        static_cast<float>(from - std::floor(from))};
  }
  return all;
}

float between(float before, float after, float share) {
  // A neighbour of no weight may be no number.
  return share == 0 ? before : before * (1 - share) + after * share;
}

}  // namespace

std::vector<SceneInput> find_scenes(const SceneOptions& options) {
  options::check(static_cast<const options::Inputs&>(options));
  InputSource source(source_options(options));
  Scenes found(options);
  std::size_t taken = 0;
  while (auto item = source.next()) {
    if (options.limit && taken == *options.limit) break;
    ++taken;
    found.add(*item);
  }
  std::vector<SceneInput> scenes = found.take();
  if (scenes.empty()) {
    throw Error(ErrorCode::kNoInput, "no picture was found; sub-folders are searched with --recursive");
  }
  for (SceneInput& scene : scenes) name_photos(scene.photos);
  return scenes;
}

Size common_size(const std::vector<scene::View>& views) {
  Size size = views.front().input.size;
  for (const scene::View& view : views) {
    size.height = std::min(size.height, view.input.size.height);
    size.width = std::min(size.width, view.input.size.width);
  }
  return size;
}

double cut_to(scene::View& view, Size size) {
  const Size whole = view.input.size;
  if (whole == size) return 0;
  const auto top = static_cast<std::size_t>((whole.height - size.height) / 2);
  const auto left = static_cast<std::size_t>((whole.width - size.width) / 2);
  const std::size_t from_stride = static_cast<std::size_t>(whole.width) * 3;
  const std::size_t to_stride = static_cast<std::size_t>(size.width) * 3;
  Image cut{size, std::vector<std::uint8_t>(size.area() * 3)};
  for (std::size_t row = 0; row < static_cast<std::size_t>(size.height); ++row) {
    std::memcpy(cut.rgb.data() + row * to_stride,
                view.input.rgb.data() + (top + row) * from_stride + left * 3, to_stride);
  }
  view.input = std::move(cut);
  view.place.top += static_cast<int>(top);
  view.place.left += static_cast<int>(left);
  constexpr double kPercent = 100;
  return kPercent * (1 - static_cast<double>(size.area()) / static_cast<double>(whole.area()));
}

void prepare_view(scene::View& view, const Image& photo, const depth::Way& way) {
  view.place = placement_of(way, photo.size);
  view.input = depth::prepare(way, photo);
}

codec::DecodeOptions decode_options(const SceneOptions& options) {
  codec::DecodeOptions decode;
  decode.max_pixels = options.max_pixels;
  return decode;
}

scene::View read_view(const ScenePhoto& photo, const depth::Way& way, const codec::DecodeOptions& decode) {
  if (photo.error) throw Error(*photo.error);
  const codec::Decoded decoded = codec::decode_file(photo.path, decode);
  scene::View view;
  view.name = photo.name;
  view.file = photo.path;
  view.turned = decoded.turned;
  view.is_widely_read = decoded.is_widely_read;
  prepare_view(view, decoded.image, way);
  return view;
}

DepthMap photo_map(const scene::View& view, const std::vector<float>& values) {
  const DepthMap map{view.input.size, values};
  const scene::Placement& place = view.place;
  if (place.resized == view.input.size) return image::resize_map(map, place.photo_size);
  // Between whole pixels of the photo, the cut begins where the cameras have it, too.
  const std::vector<Between> rows =
      betweens(place.photo_size.height, place.resized.height, place.top, map.size.height);
  const std::vector<Between> columns =
      betweens(place.photo_size.width, place.resized.width, place.left, map.size.width);
  DepthMap whole{place.photo_size, {}};
  whole.values.assign(place.photo_size.area(), std::numeric_limits<float>::quiet_NaN());
  float* value = whole.values.data();
  for (const Between& row : rows) {
    const float* const upper = map.values.data() + row.before * static_cast<std::size_t>(map.size.width);
    const float* const lower = map.values.data() + row.after * static_cast<std::size_t>(map.size.width);
    for (const Between& column : columns) {
      if (row.is_inside && column.is_inside) {
        *value = between(between(upper[column.before], upper[column.after], column.share),
                         between(lower[column.before], lower[column.after], column.share), row.share);
      }
      ++value;
    }
  }
  return whole;
}

}  // namespace da3::run
