// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

// Comma-separated values as RFC 4180 has them.
namespace da3::bench {

/// The cells as a line with its newline; cells with commas, quotes or line ends are quoted.
std::string csv_line(const std::vector<std::string>& cells);

/// `value` with nine significant digits; empty for none.
std::string csv_number(const std::optional<double>& value);

}  // namespace da3::bench
