// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <codec/jpeg_encode.hpp>

#include <core/atomic_file.hpp>
#include <core/text.hpp>
#include <suites/drawn_picture.hpp>
#include <suites/photo_files.hpp>

namespace da3::suites {
namespace {

constexpr int kQuality = 90;

}  // namespace

std::filesystem::path write_photo(const std::filesystem::path& folder, Size size, std::uint32_t seed) {
  const std::filesystem::path file = folder / (core::size_text(size) + "-" + std::to_string(seed) + ".jpg");
  if (!std::filesystem::exists(file)) {
    core::ensure_folder(folder);
    core::write_file(file, codec::encode_jpeg(drawn_picture(size, seed), kQuality));
  }
  return file;
}

std::filesystem::path write_photos(const std::filesystem::path& folder, Size size, int count) {
  const std::filesystem::path photos =
      folder / ("photos-" + core::size_text(size) + "-" + std::to_string(count));
  for (int i = 0; i < count; ++i) write_photo(photos, size, static_cast<std::uint32_t>(i));
  return photos;
}

}  // namespace da3::suites
