// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <bench/report/report.hpp>

namespace da3::bench {

/// The report as JSON, schema 1 (docs/bench-schema-1.json). Numbers that are not finite become null.
std::string to_json_text(const Report& report);

/// The report in JSON text of schema 1; fields that it does not know are ignored. Statistics are computed
/// anew from the samples. Throws: Error kUsage that begins with `name` for text that is no such report.
Report parse_report(std::string_view text, const std::string& name);

/// Writes the report whole or not at all, in place of what was there. Throws: Error kOutputFailed.
void save_report(const Report& report, const std::filesystem::path& file);

/// Throws: Error kUsage if the file is missing or no report.
Report load_report(const std::filesystem::path& file);

/// Nothing but what `da3 bench` wrote, an empty file or a stream is in the place of a report. Throws: Error
/// kOutputExists.
void require_replaceable(const std::filesystem::path& file);

/// As require_replaceable; and a file can be made there. Throws: as it; Error kOutputFailed.
void require_place(const std::filesystem::path& file);

/// Writes `text` whole or not at all, in place of what was there. Throws: Error kOutputFailed; as
/// require_replaceable.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace da3::bench
