// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace da3::testing {

/// How a call of the program ended.
struct Ended {
  int code = 0;  ///< Exit code; 128 + number if a signal ended it
  std::uint64_t peak_resident_bytes = 0;
  std::string out;
  std::string err;
};

/// What happens to a call of the program.
struct Circumstances {
  /// Called with the process id and what just arrived on standard output.
  std::function<void(int process, std::string_view arrived)> on_output{};
  int signal = 0;                            ///< Sent once, unless it has ended before; 0: none
  std::chrono::microseconds signal_after{};  ///< Since its start
  std::uint64_t address_space_bytes = 0;     ///< As `ulimit -v`; 0: unlimited
  std::vector<std::string> environment{};    ///< NAME=VALUE
  std::string standard_output{};             ///< A file or device that takes it; empty: Ended::out
  bool folder_is_gone = false;               ///< The current folder was removed
  bool without_folders = false;              ///< DA3_HOME and XDG_CACHE_HOME are not set
  std::uint64_t file_bytes = 0;              ///< As `ulimit -f`: beyond it a write fails as on a full disk
  int threads = 0;                ///< As `ulimit -u` of the user nobody, which it becomes; root only
  int descriptors = 0;            ///< As `ulimit -n`
  std::uint64_t stack_bytes = 0;  ///< As `ulimit -s`
};

/// A temporary folder that is removed at the end, with the program's own folders (models, caches) inside.
class Workplace {
 public:
  Workplace();
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

  /// Runs `da3 ARGS` in the folder, with `input` on standard input.
  Ended run(const std::vector<std::string>& args, const std::string& input = "") const;

  /// The same under other circumstances.
  Ended run(const std::vector<std::string>& args, const Circumstances& circumstances) const;

 private:
  std::filesystem::path folder_;
};

/// Writes a colour ramp as PPM; `seed` makes pictures differ.
void write_picture(const std::filesystem::path& file, int width, int height, int seed);

std::string read_file(const std::filesystem::path& file);

/// Names of the files below a folder, sorted, those of hidden files left out.
std::vector<std::string> files_below(const std::filesystem::path& folder);

}  // namespace da3::testing
