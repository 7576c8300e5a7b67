// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

// Numbers as people read them.
namespace da3::commands {

/// 1234567 as "1,234,567".
std::string with_commas(std::uint64_t number);

/// "1 image", "2 images".
std::string count_of(std::size_t number, const std::string& noun);

/// "850 KiB", "1.5 GiB".
std::string bytes_text(std::uint64_t bytes);

/// "0.8 s", "42 s", "12:34", "3:12:34".
std::string seconds_text(double seconds);

/// With three digits: "0.31", "12.5", "240".
std::string rate_text(double per_second);

}  // namespace da3::commands
