// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <bench/presentation/report_format.hpp>

namespace da3::cli {

/// The format asked for, else the one of the output's extension, else `standard`.
inline bench::ReportFormat format_for(const std::optional<bench::ReportFormat>& asked,
                                      const std::string& output, bench::ReportFormat standard) {
  if (asked) return *asked;
  const std::string extension = std::filesystem::path(output).extension().string();
  if (extension == ".json") return bench::ReportFormat::kJson;
  if (extension == ".md") return bench::ReportFormat::kMarkdown;
  if (extension == ".csv") return bench::ReportFormat::kCsv;
  return standard;
}

}  // namespace da3::cli
