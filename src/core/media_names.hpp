// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace da3::core {

/// Whether files of pictures, videos or maps are called so ("v.avi", "V.AVI"), written by da3 or not. A name
/// that ends with '/' is a folder's.
bool is_media_name(std::string_view path);

}  // namespace da3::core
