// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <da3/image.hpp>

// Values as people read them, in messages, tables and reports. Records and JSON have the bare numbers.
namespace da3::core {

/// Width, then height, as pictures are named everywhere else: "1280x720".
std::string size_text(Size size);
std::string size_text(std::uint64_t height, std::uint64_t width);

/// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number);

/// "1 image", "1,200 images".
std::string count_of(std::size_t number, const std::string& noun);

/// With three digits or more where there are as many: "17 B", "572.2 MiB", "1.52 GiB", "24 GiB".
std::string bytes_text(std::uint64_t bytes);

/// The shortest text that reads back as exactly `value`, in every locale.
std::string exact_text(double value);

/// ASCII letters in lower case, all other bytes as they are.
std::string lower_case(std::string_view text);

/// The texts with `between` between them.
std::string joined(std::span<const std::string> texts, std::string_view between);

/// A list within a sentence: "png16, exr or npz" for a `last` of " or ".
std::string listed(std::span<const std::string_view> names, std::string_view last);

}  // namespace da3::core
