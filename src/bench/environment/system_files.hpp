// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace da3::bench {

/// The rest of the first line that begins with `key`, without ':', '=' and white space in front. Null if no
/// line does.
std::optional<std::string> value_after(std::string_view text, std::string_view key);

std::vector<std::string> split_words(std::string_view text);

}  // namespace da3::bench
