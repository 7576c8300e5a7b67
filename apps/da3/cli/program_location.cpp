// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cli/program_location.hpp>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

#include <cstdint>
#include <string>
#include <system_error>

#include <da3/error.hpp>

namespace da3::cli {
namespace {

std::filesystem::path own_file() {
  std::error_code problem;
#ifdef __APPLE__
  std::uint32_t length = 0;
  _NSGetExecutablePath(nullptr, &length);
  std::string name(length, '\0');
  if (_NSGetExecutablePath(name.data(), &length) != 0)
    problem = std::make_error_code(std::errc::filename_too_long);
  std::filesystem::path file = name.c_str();
#else
  std::filesystem::path file = "/proc/self/exe";
#endif
  if (!problem) file = std::filesystem::canonical(file, problem);
  if (problem) {
    throw Error(ErrorCode::kInternal, "the program's own file cannot be found (" + problem.message() + ")");
  }
  return file;
}

}  // namespace

std::filesystem::path prefix_of_program(int depth) {
  std::filesystem::path folder = own_file().parent_path();
  for (int i = 0; i < depth; ++i) folder = folder.parent_path();
  return folder;
}

}  // namespace da3::cli
