// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace da3::testing {

/// How a call of the program ended.
struct Ended {
  int code = 0;  ///< Exit code; 128 + number if a signal ended it
  std::uint64_t peak_resident_bytes = 0;
  std::string out;
  std::string err;
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

  /// The same, and calls `on_output` with the process id each time something arrived on standard output.
  Ended watch(const std::vector<std::string>& args, const std::function<void(int process)>& on_output) const;

 private:
  Ended start(const std::vector<std::string>& args, const std::string& input,
              const std::function<void(int process)>& on_output) const;
  std::filesystem::path folder_;
};

/// Writes a colour ramp as PPM; `seed` makes pictures differ.
void write_picture(const std::filesystem::path& file, int width, int height, int seed);

std::string read_file(const std::filesystem::path& file);

/// Names of the files below a folder, sorted, those of hidden files left out.
std::vector<std::string> files_below(const std::filesystem::path& folder);

}  // namespace da3::testing
