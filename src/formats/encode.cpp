// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include <formats/encode.hpp>
#include <formats/float_formats.hpp>
#include <formats/gallery_picture.hpp>
#include <formats/rgb_png.hpp>

#include <da3/error.hpp>

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
  const bool photo = std::any_of(formats.begin(), formats.end(), shows_photo);
  if (photo && (!set.photo || set.photo->size.height != set.depth.size.height)) {
    throw Error(ErrorCode::kInternal, "results: side and html need the photo at depth's height");
  }
}

NamedMaps named_maps(const OutputSet& set, const char* depth_name) {
  NamedMaps maps{{depth_name, &set.depth}};
  if (set.confidence) maps.emplace_back("confidence", &*set.confidence);
  if (set.sky) maps.emplace_back("sky", &*set.sky);
  return maps;
}

}  // namespace

EncodedSet encode(const OutputSet& set, const std::vector<Format>& formats, const image::VisOptions& vis) {
  require_whole(set, formats);
  Image picture;
  if (contains(formats, Format::kVis) || std::any_of(formats.begin(), formats.end(), shows_photo)) {
    picture = image::render_depth(set.depth, set.kind, vis);
  }
  EncodedSet encoded;
  for (const Format format : formats) {
    switch (format) {
      case Format::kPng16: {
        EncodedPng16 file = encode_png16(set.depth, set.kind, set.range);
        encoded.files.push_back({format, std::move(file.bytes)});
        encoded.png16 = file.scale;
        break;
      }
      case Format::kExr:
        encoded.files.push_back(
            {format,
             encode_exr(named_maps(set, "Z"), std::string(da3::to_string(set.kind)), set.unit.value_or(""))});
        break;
      case Format::kNpz:
        encoded.files.push_back({format, encode_npz(named_maps(set, "depth"))});
        break;
      case Format::kNpy:
        encoded.files.push_back({format, encode_npy(set.depth)});
        break;
      case Format::kPfm:
        encoded.files.push_back({format, encode_pfm(set.depth)});
        break;
      case Format::kVis:
        encoded.files.push_back({format, encode_rgb_png(picture, PictureKind::kColouredMap)});
        break;
      case Format::kSide:
        encoded.files.push_back(
            {format, encode_rgb_png(image::side_by_side(*set.photo, picture), PictureKind::kWithPhoto)});
        break;
      case Format::kHtml:
        encoded.files.push_back({format, encode_gallery_picture(*set.photo, picture)});
        break;
    }
  }
  return encoded;
}

}  // namespace da3::formats
