// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <bench/report/report.hpp>

namespace da3::bench {

/// Rows of text under headings; rendering is apart, so that each renderer sees the same cells.
struct TextTable {
  std::string caption;  ///< Settings that all rows share, or empty
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

/// Columns aligned with spaces; numbers to the right.
std::string render_plain(const TextTable& table);

/// A Markdown table.
std::string render_markdown(const TextTable& table);

/// `value` with four significant digits and without exponent, such as "340.2", "0.01234", "12346".
std::string format_number(double value);

/// Bytes as "617 MiB".
std::string format_bytes(double bytes);

/// A metric as a cell: the median with its interval "340.2 [338.1, 345]", a number, or "-".
std::string format_metric(const Metric* metric);

/// A case beside the name of the report that it comes from.
struct NamedCase {
  std::string report;
  const CaseResult* result = nullptr;
};

/// A table of cases of one suite: settings that differ between cases and every metric found become columns,
/// settings that all share the caption. A report column comes first where cases come from several. Lifetime:
/// the call.
TextTable tabulate(const std::vector<NamedCase>& cases);

}  // namespace da3::bench
