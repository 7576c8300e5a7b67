// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <describe/describe.hpp>

#include <da3/version.hpp>

// da3-describe FOLDER: man pages and shell completions of da3 below FOLDER, as an installed tree's share/ has
// them.
namespace {

namespace fs = std::filesystem;
using namespace da3;  // NOLINT(google-build-using-namespace)

bool write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << text;
  return static_cast<bool>(out.flush());
}

bool write_pages(const fs::path& folder, const cli::CommandText& command) {
  std::string name = command.name;
  std::replace(name.begin(), name.end(), ' ', '-');
  bool good = write(folder / (name + ".1"), describe::man_page(command, std::string(version())));
  for (const cli::CommandText& each : command.commands) good = write_pages(folder, each) && good;
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: da3-describe FOLDER\n", stderr);
    return 2;
  }
  const fs::path folder = argv[1];
  const cli::CommandText program = cli::command_text();
  const bool good =
      write(folder / "bash-completion" / "completions" / "da3", describe::bash_completion(program)) &&
      write(folder / "zsh" / "site-functions" / "_da3", describe::zsh_completion(program)) &&
      write(folder / "fish" / "vendor_completions.d" / "da3.fish", describe::fish_completion(program)) &&
      write_pages(folder / "man" / "man1", program);
  if (!good) std::fprintf(stderr, "da3-describe: %s: cannot be written\n", argv[1]);
  return good ? 0 : 6;
}
