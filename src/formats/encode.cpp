// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include <formats/results/encoding.hpp>

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
  const bool lacks_height = !set.photo || set.photo->size.height != set.depth.size.height;
  const bool needs_photo = std::any_of(formats.begin(), formats.end(), [](Format format) {
    return shows_photo(format) && !needs_camera(format);  // ply is grey without
  });
  if (needs_photo && lacks_height) {
    throw Error(ErrorCode::kInternal, "results: side and html need the photo at depth's height");
  }
}

}  // namespace

EncodeOptions encode_options(const options::Looks& looks) {
  EncodeOptions encode;
  encode.vis = {looks.colormap, looks.vis_range};
  encode.preview = looks.preview;
  if (!looks.exr_compression.empty()) encode.exr_compression = parse_exr_compression(looks.exr_compression);
  encode.exr_channels = parse_exr_channels(looks.exr_channels);
  return encode;
}

EncodedSet encode(const OutputSet& set, const std::vector<Format>& formats, const EncodeOptions& options) {
  require_whole(set, formats);
  Encoding encoding(set, options);
  EncodedSet encoded;
  for (const Format format : formats) {
    const FormatRow& row = kFormatRows.at(static_cast<std::size_t>(format));
    encoded.files.push_back({format, row.encode(encoding)});
  }
  encoded.png16 = encoding.png16;
  return encoded;
}

std::uint64_t encoding_bytes(Format format, std::uint64_t pixels, std::uint64_t maps,
                             const EncodeOptions& options) {
  return kFormatRows.at(static_cast<std::size_t>(format)).need(pixels, maps, options);
}

}  // namespace da3::formats
