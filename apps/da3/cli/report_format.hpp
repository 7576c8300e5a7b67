// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bench/report_text.hpp>
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

}  // namespace da3::cli
