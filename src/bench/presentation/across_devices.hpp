// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <bench/presentation/report_text.hpp>
#include <bench/presentation/text_table.hpp>

namespace da3::bench {

/// Throughput of the same work on every device of every report: images per second and the speed-up against
/// the CPU of the same report, or against the first CPU where that report has none. No rows with fewer than
/// two devices.
TextTable tabulate_across_devices(const std::vector<NamedReport>& reports);

}  // namespace da3::bench
