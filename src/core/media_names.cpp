// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>

#include <core/media_names.hpp>
#include <core/text.hpp>

namespace da3::core {
namespace {

constexpr std::array<std::string_view, 48> kEndings{
    ".mp4", ".m4v", ".mov",  ".mkv", ".webm", ".avi",  ".ts",   ".mts", ".m2ts", ".flv", ".f4v", ".wmv",
    ".asf", ".mpg", ".mpeg", ".vob", ".ogv",  ".ogg",  ".3gp",  ".3g2", ".mxf",  ".nut", ".ivf", ".y4m",
    ".gif", ".png", ".apng", ".jpg", ".jpeg", ".jxl",  ".bmp",  ".tif", ".tiff", ".tga", ".jp2", ".webp",
    ".pnm", ".ppm", ".pgm",  ".pbm", ".heic", ".heif", ".avif", ".exr", ".npy",  ".npz", ".pfm", ".ply"};

}  // namespace

bool is_media_name(std::string_view path) {
  const std::string name = lower_case(path);
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace da3::core
