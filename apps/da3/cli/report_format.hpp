// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <bench/presentation/report_text.hpp>
#include <cli/options.hpp>

namespace da3::cli {

/// The bench module's name for a format.
inline bench::ReportFormat to_bench(ReportFormat format) {
  switch (format) {
    case ReportFormat::kTable:
      return bench::ReportFormat::kTable;
    case ReportFormat::kMarkdown:
      return bench::ReportFormat::kMarkdown;
    case ReportFormat::kJson:
      return bench::ReportFormat::kJson;
    case ReportFormat::kCsv:
      return bench::ReportFormat::kCsv;
  }
  return bench::ReportFormat::kTable;
}

/// The format asked for, else the one of the output's extension, else `standard`.
inline bench::ReportFormat format_for(const std::optional<ReportFormat>& asked, const std::string& output,
                                      bench::ReportFormat standard) {
  if (asked) return to_bench(*asked);
  const std::string extension = std::filesystem::path(output).extension().string();
  if (extension == ".json") return bench::ReportFormat::kJson;
  if (extension == ".md") return bench::ReportFormat::kMarkdown;
  if (extension == ".csv") return bench::ReportFormat::kCsv;
  return standard;
}

}  // namespace da3::cli
