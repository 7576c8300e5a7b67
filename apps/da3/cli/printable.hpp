// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace da3::cli {

/// `text` with question marks for control characters but line ends and tabs: the name of a file must not be
/// able to move the cursor or recolour the terminal.
std::string printable(std::string text);

}  // namespace da3::cli
