// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include <unistd.h>

#include <da3/error.hpp>

#include <bench/report_json.hpp>

namespace da3::bench {

void write_file(const std::filesystem::path& file, std::string_view text) {
  // The same folder, so that the rename stays within one file system.
  const std::filesystem::path temporary =
      file.parent_path() / (".da3-" + std::to_string(getpid()) + "-" + file.filename().string() + ".tmp");
  std::FILE* out = std::fopen(temporary.c_str(), "wb");
  bool written = out != nullptr;
  int problem = errno;
  if (out != nullptr) {
    written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
    problem = written ? problem : errno;
    if (std::fclose(out) != 0) {
      written = false;
      problem = errno;
    }
  }
  std::error_code error;
  if (written) {
    std::filesystem::rename(temporary, file, error);
    written = !error;
    problem = error.value();
  }
  if (written) return;
  std::filesystem::remove(temporary, error);
  throw Error(ErrorCode::kOutputFailed, file.string() + " could not be written: " + std::strerror(problem) +
                                            "; give another place with -o");
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
