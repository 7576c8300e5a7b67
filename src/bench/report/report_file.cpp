// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include <da3/error.hpp>

#include <bench/report/report_json.hpp>
#include <bench/suite_table.hpp>
#include <core/atomic_file.hpp>
#include <core/read_file.hpp>

namespace da3::bench {

namespace {

/// Of chart_svg.cpp, in the first line of every chart.
constexpr std::string_view kChartFonts = "font-family=\"system-ui, 'DejaVu Sans', Arial, sans-serif\"";

/// Whether a text begins as one of the files that `da3 bench` writes does.
bool begins_as_own(std::string_view text) {
  for (const std::string_view begin :
       {"{\n \"schema\": 1,\n \"tool\": {\n  \"name\": \"da3\",",
        "{\n \"comparison\": 1,\n \"same_machine\":", "report,suite,status,reason,",
        "suite,model,weights,device,precision,", "# Benchmark report\n", "Measured one after the other",
        "only in base: ", "only in new: ", "failed in new: ", "- Measured one after the other",
        "- only in base: ", "- only in new: ", "- failed in new: "}) {
    if (text.starts_with(begin)) return true;
  }
  const std::string_view first_line = text.substr(0, text.find('\n'));
  if (text.starts_with("<svg ") && first_line.find(kChartFonts) != std::string_view::npos) return true;
  if (text.starts_with("## ")) text.remove_prefix(3);
  return std::ranges::any_of(all_suites(), [&](SuiteName suite) {
    return text.starts_with(std::string(facts_of(suite).title) + "\n");
  });
}

}  // namespace

void require_replaceable(const std::filesystem::path& file) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(file, failed) || std::filesystem::file_size(file, failed) == 0)
    return;
  std::string begin(1024, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<std::size_t>(stream.gcount()));
  if (begins_as_own(begin)) return;
  if (begin.starts_with('{')) {
    try {
      load_report(file);
      return;
    } catch (const Error&) {
      // JSON of somebody else
    }
  }
  throw Error(ErrorCode::kOutputExists,
              file.string() +
                  ": this file is no report of da3 and will not be replaced; move it away or give "
                  "another name with --output");
}

void require_place(const std::filesystem::path& file) {
  require_replaceable(file);
  core::require_output(file);
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  require_replaceable(file);
  try {
    core::write_output(file, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  } catch (const Error& error) {
    // A folder in the way or a name that is not taken is no matter of one input here.
    throw Error(ErrorCode::kOutputFailed, error.what());
  }
}

void save_report(const Report& report, const std::filesystem::path& file) {
  write_file(file, to_json_text(report));
}

Report load_report(const std::filesystem::path& file) {
  return parse_report(core::read_file(file, ErrorCode::kUsage), file.string());
}

}  // namespace da3::bench
