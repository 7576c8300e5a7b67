// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <video/frame.hpp>

namespace da3::video {

/// All of `text` as a whole number.
std::optional<std::int64_t> whole(std::string_view text);

/// "N:D" with `between` for the colon; none if it is not above 0.
std::optional<Ratio> ratio(std::string_view text, char between);

}  // namespace da3::video
