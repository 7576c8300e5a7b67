// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace da3::core {

/// RFC 4648, with padding.
std::string base64_encode(std::string_view bytes);

/// None for text that is no base64.
std::optional<std::string> base64_decode(std::string_view text);

/// Bytes of the UTF-8 sequence at the start of `bytes`, 0 if there is no well-formed one (Unicode, table
/// 3-7).
std::size_t utf8_sequence(std::string_view bytes);

/// True for well-formed UTF-8 (no overlong forms, no surrogates, up to U+10FFFF).
bool is_utf8(std::string_view bytes);

/// `bytes` as JSON and arrays of text hold them: U+FFFD for each byte that is not of a well-formed sequence.
std::string as_utf8(std::string_view bytes);

}  // namespace da3::core
