// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <fstream>
#include <sstream>

#include <da3/error.hpp>

#include <bench/report/report_json.hpp>
#include <core/atomic_file.hpp>

namespace da3::bench {

void write_file(const std::filesystem::path& file, std::string_view text) {
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
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw Error(ErrorCode::kUsage, file.string() + " cannot be read; name a report that da3 bench -o wrote");
  }
  std::ostringstream text;
  text << in.rdbuf();
  return parse_report(text.str(), file.string());
}

}  // namespace da3::bench
