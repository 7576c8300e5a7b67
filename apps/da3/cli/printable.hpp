// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace da3::cli {

/// `text` with question marks for control characters but line ends and tabs: the name of a file must not be
/// able to move the cursor or recolour the terminal.
std::string printable(std::string_view text);

/// Writes a whole text, made printable, to standard output. Throws: Error kOutputFailed.
void put_on_stdout(std::string_view text);

}  // namespace da3::cli
