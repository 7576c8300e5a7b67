// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace da3::core {

/// How deep objects and arrays may lie in each other in any JSON text that is read. Nothing that da3 reads
/// needs a quarter of it, and what prints or frees a deeper tree may run out of stack.
inline constexpr int kMostJsonDepth = 64;

/// True for text whose brackets lie deeper than that; asked before the text is parsed.
bool is_too_deep(std::string_view json);

}  // namespace da3::core
