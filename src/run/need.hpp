// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <da3/error.hpp>
#include <da3/image.hpp>

#include <run/schedule.hpp>
#include <run/settings.hpp>

namespace da3::run {

/// What a photo of `original` in a file of `file_bytes` needs for the results asked for.
Need need_of(Size original, std::uint64_t file_bytes, const Settings& settings);

/// Error kImageTooLarge with what the input needs and what is free.
Error beyond_memory(const std::string& path, const Need& need, std::uint64_t free_bytes);

}  // namespace da3::run
