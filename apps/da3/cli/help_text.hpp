// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace da3::cli {

/// Help text with no line longer than 80 columns: descriptions go on below their beginning, at blanks. A word
/// that is longer stays whole.
std::string fold_help(std::string_view text);

}  // namespace da3::cli
