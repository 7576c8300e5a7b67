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

/// `value` with four significant digits, such as "340.2", "0.01234", "12346"; "6.63e-07" below 0.0001.
std::string format_number(double value);

/// Bytes as "617 MiB", from 10 GiB on as "23.5 GiB".
std::string format_bytes(double bytes);

/// A metric as a cell: the median with its interval "340.2 [338.1, 345]", a number, or "-".
std::string format_metric(const Metric* metric);

/// A case next to the name of the report that it comes from.
struct NamedCase {
  std::string report;
  const CaseResult* result = nullptr;
};

/// The settings that all cases share: "model da3-small, device cpu".
std::string shared_settings(const std::vector<NamedCase>& cases);

/// The settings of one of the cases that they do not all share: "attention=sdpa batch=4".
std::string own_settings(const CaseResult& result, const std::vector<NamedCase>& cases);

/// A table of cases of one suite: settings that differ between cases and every metric that one of them has
/// become columns, settings that all share the caption; one case alone has its metrics as rows. A report
/// column comes first where cases come from several. Lifetime: the call.
TextTable tabulate(const std::vector<NamedCase>& cases);

}  // namespace da3::bench
