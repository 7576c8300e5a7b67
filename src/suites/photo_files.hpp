// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include <da3/image.hpp>

namespace da3::suites {

/// A JPEG file of a drawn picture in `folder`, written unless it is there. Throws: Error kOutputFailed.
std::filesystem::path write_photo(const std::filesystem::path& folder, Size size, std::uint32_t seed);

/// A folder below `folder` with `count` such files.
std::filesystem::path write_photos(const std::filesystem::path& folder, Size size, int count);

}  // namespace da3::suites
