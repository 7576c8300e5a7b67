// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <bench/compare/compare.hpp>
#include <bench/presentation/report_format.hpp>

namespace da3::bench {

/// A table for each suite with a line per case and metric, aligned for a terminal, then what was found in one
/// report alone.
std::string format_comparison_table(const Comparison& comparison);

/// The same in Markdown.
std::string format_comparison_markdown(const Comparison& comparison);

/// One object: "comparison" 1 (its version), "same_machine", "failed", "failures", "only_in_base",
/// "only_in_new", "failed_in_new", and "cases" with "suite", "settings" and "metrics". Numbers that are not
/// finite are null.
std::string format_comparison_json(const Comparison& comparison);

/// A line per case and metric (RFC 4180).
std::string format_comparison_csv(const Comparison& comparison);

/// The comparison in a format.
std::string format_comparison(const Comparison& comparison, ReportFormat format);

}  // namespace da3::bench
