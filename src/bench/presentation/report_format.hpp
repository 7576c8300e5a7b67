// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace da3::bench {

/// How reports and comparisons are written.
enum class ReportFormat { kTable, kMarkdown, kJson, kCsv };

}  // namespace da3::bench
