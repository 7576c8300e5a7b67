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

/// Whether the first sequence of a text, or its first byte where that is none, moves a terminal's cursor,
/// changes the direction of writing or ends a line: C0 and C1 (as a byte alone, too, as some terminals take
/// it), DEL, U+2028, U+2029, U+202A to U+202E and U+2066 to U+2069.
bool is_control(std::string_view sequence);

/// A text that a file holds as a part of a message: what is_control() says as '?', and cut to `most` bytes,
/// which "..." then ends.
std::string one_line(std::string_view text, std::size_t most = 200);

}  // namespace da3::core
