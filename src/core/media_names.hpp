// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace da3::core {

/// ASCII letters in lower case, all other bytes as they are.
std::string lower_case(std::string_view text);

/// Whether files of pictures, videos or maps are called so ("v.avi", "V.AVI"), written by da3 or not. A name
/// that ends with '/' is a folder's.
bool is_media_name(std::string_view path);

}  // namespace da3::core
