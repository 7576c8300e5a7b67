// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>

#include <codec/jpeg_encode.hpp>
#include <formats/encode.hpp>
#include <formats/float_formats.hpp>
#include <formats/float_tiff.hpp>
#include <formats/gallery_picture.hpp>
#include <formats/ply.hpp>
#include <formats/png_file.hpp>
#include <formats/rgb_png.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <image/resample.hpp>

namespace da3::formats {
namespace {

void require_size(const DepthMap& map, Size size, const char* name) {
  if (map.size != size || map.values.size() != size.area()) {
    throw Error(ErrorCode::kInternal,
                std::string("results: ") + name + " has another size than depth, or too few values");
  }
}

void require_whole(const OutputSet& set, const std::vector<Format>& formats) {
  require_size(set.depth, set.depth.size, "depth");
  if (set.depth.size.height < 1 || set.depth.size.width < 1) {
    throw Error(ErrorCode::kInternal, "results: depth is empty");
  }
  if (set.confidence) require_size(*set.confidence, set.depth.size, "confidence");
  if (set.sky) require_size(*set.sky, set.depth.size, "sky");
  const bool lacks_height = !set.photo || set.photo->size.height != set.depth.size.height;
  const bool needs_photo = std::any_of(formats.begin(), formats.end(), [](Format format) {
    return shows_photo(format) && !needs_camera(format);  // ply is grey without
  });
  if (needs_photo && lacks_height) {
    throw Error(ErrorCode::kInternal, "results: side and html need the photo at depth's height");
  }
}

NamedMaps named_maps(const OutputSet& set, const char* depth_name) {
  NamedMaps maps{{depth_name, &set.depth}};
  if (set.confidence) maps.emplace_back("confidence", &*set.confidence);
  if (set.sky) maps.emplace_back("sky", &*set.sky);
  return maps;
}

/// fx, fy, cx, cy; empty without a camera.
std::vector<std::string> camera_numbers(const OutputSet& set) {
  if (!set.camera) return {};
  return {core::exact_text(set.camera->fx), core::exact_text(set.camera->fy),
          core::exact_text(set.camera->cx), core::exact_text(set.camera->cy)};
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

ExrTexts exr_texts(const OutputSet& set) {
  return {{"da3Kind", std::string(da3::to_string(set.kind))},
          {"da3Unit", set.unit.value_or("")},
          {"da3Intrinsics", joined(camera_numbers(set), " ")}};
}

/// What a TIFF file says of its values, as JSON.
std::string tiff_description(const OutputSet& set) {
  std::string text = "{\"da3\":\"depth\",\"kind\":\"" + std::string(da3::to_string(set.kind)) + "\"";
  if (set.unit) text += ",\"unit\":\"" + *set.unit + "\"";
  if (set.camera) text += ",\"intrinsics\":[" + joined(camera_numbers(set), ",") + "]";
  return text + "}";
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

std::vector<std::uint8_t> npz_of(const OutputSet& set) {
  const NamedMaps maps = named_maps(set, "depth");
  if (!set.camera) return encode_npz(maps);
  std::vector<std::pair<std::string, NpyArray>> arrays;
  for (const auto& [name, map] : maps) arrays.emplace_back(name, array_of(*map));
  arrays.emplace_back("intrinsics", array_of(*set.camera));
  return encode_npz(arrays);
}

/// Grey 1 is the farthest of the range, 65535 the nearest, 0 no value.
std::vector<std::uint8_t> grey16_png(const OutputSet& set, const image::VisOptions& vis) {
  constexpr double kSteps = 65534;
  const image::NearPosition position_of(set.depth, set.kind, vis.range);
  const auto width = static_cast<std::size_t>(set.depth.size.width);
  const FillRow fill = [&](int y, std::span<std::uint8_t> row) {
    const float* const values = set.depth.values.data() + static_cast<std::size_t>(y) * width;
    for (std::size_t x = 0; x < width; ++x) {
      const double position = position_of(values[x]);
      const unsigned grey = std::isnan(position) ? 0 : static_cast<unsigned>(1.5 + position * kSteps);
      row[2 * x] = static_cast<std::uint8_t>(grey >> 8U);
      row[2 * x + 1] = static_cast<std::uint8_t>(grey);
    }
  };
  PngOptions options;
  options.pixels = PngPixels::kGrey16;
  options.texts = {{"da3:grey", "nearness"}, {"da3:invalid", "0"}};
  return encode_png(fill, set.depth.size, options);
}

bool shrinks(Size size, const std::optional<int>& side) {
  return side && std::max(size.height, size.width) > *side;
}

/// The picture with a longer side of at most `side` pixels.
Image preview_of(Image picture, const std::optional<int>& side) {
  const int longer = std::max(picture.size.height, picture.size.width);
  if (!shrinks(picture.size, side)) return picture;
  const double shrink = static_cast<double>(*side) / longer;
  const auto scaled = [&](int pixels) { return std::max(1, static_cast<int>(std::lround(pixels * shrink))); };
  return image::resample(picture, {scaled(picture.size.height), scaled(picture.size.width)},
                         image::Resampling::kArea);
}

std::vector<std::uint8_t> ply_of(const OutputSet& set) {
  return encode_ply(points_of(set), {"da3 depth of one photo, kind " + std::string(da3::to_string(set.kind)),
                                     "unit " + set.unit.value_or("none")});
}

// Edges between far apart colours are what a coloured map is made of; libjpeg's usual 75 shows rings along
// them.
constexpr int kJpegQuality = 92;

/// The coloured map, row by row.
std::vector<std::uint8_t> vis_png(const OutputSet& set, const image::VisOptions& vis) {
  const image::DepthColours colours(set.depth, set.kind, vis);
  return encode_rgb_png([&](int y, std::span<std::uint8_t> row) { colours.fill(y, row); }, set.depth.size,
                        PictureKind::kColouredMap);
}

/// The photo, which has the map's height, and the coloured map next to it, row by row.
std::vector<std::uint8_t> side_png(const OutputSet& set, const image::VisOptions& vis) {
  const image::DepthColours colours(set.depth, set.kind, vis);
  const Image& photo = *set.photo;
  const std::size_t photo_bytes = static_cast<std::size_t>(photo.size.width) * 3;
  const FillRow fill = [&](int y, std::span<std::uint8_t> row) {
    const std::uint8_t* const from = photo.rgb.data() + static_cast<std::size_t>(y) * photo_bytes;
    std::copy(from, from + photo_bytes, row.begin());
    colours.fill(y, row.subspan(photo_bytes));
  };
  return encode_rgb_png(fill, {photo.size.height, photo.size.width + set.depth.size.width},
                        PictureKind::kWithPhoto);
}

}  // namespace

EncodedSet encode(const OutputSet& set, const std::vector<Format>& formats, const EncodeOptions& options) {
  require_whole(set, formats);
  const bool whole = !shrinks(set.depth.size, options.preview);
  const auto vis = [&] {
    return preview_of(image::render_depth(set.depth, set.kind, options.vis), options.preview);
  };
  const auto side = [&] {
    const Image map = vis();
    const Image photo = preview_of(*set.photo, options.preview);
    return image::side_by_side(photo.size.height == map.size.height
                                   ? photo
                                   : image::resample(photo, map.size, image::Resampling::kArea),
                               map);
  };
  const bool whole_side = whole && set.photo && !shrinks(set.photo->size, options.preview);
  EncodedSet encoded;
  const auto bytes_of = [&](Format format) -> std::vector<std::uint8_t> {
    switch (format) {
      case Format::kPng16: {
        EncodedPng16 file = encode_png16(set.depth, set.kind, set.range);
        encoded.png16 = file.scale;
        return std::move(file.bytes);
      }
      case Format::kExr:
        return encode_exr(
            named_maps(set, "Z"), exr_texts(set),
            {false, options.exr_compression.value_or(ExrCompression::kNone), options.exr_channels});
      case Format::kExr16:
        return encode_exr(
            named_maps(set, "Z"), exr_texts(set),
            {true, options.exr_compression.value_or(ExrCompression::kZip), options.exr_channels});
      case Format::kNpz:
        return npz_of(set);
      case Format::kNpy:
        return encode_npy(set.depth);
      case Format::kPfm:
        return encode_pfm(set.depth);
      case Format::kTiff:
        return encode_float_tiff(set.depth, tiff_description(set));
      case Format::kGrey16:
        return grey16_png(set, options.vis);
      case Format::kPly:
        return ply_of(set);
      case Format::kVis:
        return whole ? vis_png(set, options.vis) : encode_rgb_png(vis(), PictureKind::kColouredMap);
      case Format::kVisJpeg:
        return codec::encode_jpeg(vis(), kJpegQuality);
      case Format::kSide:
        return whole_side ? side_png(set, options.vis) : encode_rgb_png(side(), PictureKind::kWithPhoto);
      case Format::kSideJpeg:
        return codec::encode_jpeg(side(), kJpegQuality);
      case Format::kHtml:
        return encode_gallery_picture(*set.photo, image::render_depth(set.depth, set.kind, options.vis));
    }
    throw Error(ErrorCode::kInternal, "a result format that nothing makes; please report this as a bug");
  };
  for (const Format format : formats) encoded.files.push_back({format, bytes_of(format)});
  return encoded;
}

}  // namespace da3::formats
