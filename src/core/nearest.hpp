// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace da3::core {

/// The candidate that a mistyped word most likely meant: it begins so, or at most a third of its letters
/// differ. None: nothing is near.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

/// Says that `text` is none of `names`, and which of them was most likely meant. Throws: Error kUsage.
[[noreturn]] void refuse_choice(std::string_view text, const std::vector<std::string_view>& names);

}  // namespace da3::core
