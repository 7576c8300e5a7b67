// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <journal/links.hpp>
#include <sys/stat.h>

#include <da3/error.hpp>

#include <core/write_failure.hpp>

namespace da3::journal {
namespace {

constexpr mode_t kFileMode = 0666;

Error not_a_manifest(const std::filesystem::path& file, const char* what) {
  return {ErrorCode::kOutputExists, file.string() + ": da3 keeps its records under this name, but this is " +
                                        what + "; move it away, or give another folder with --output"};
}

}  // namespace

bool leads_through_link(const std::filesystem::path& folder, const std::string& name) {
  for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    std::error_code failed;
    if (std::filesystem::is_symlink(folder / name.substr(0, slash), failed)) return true;
  }
  return false;
}

core::FileDescriptor open_manifest(const std::filesystem::path& file) {
  // Without waiting: a FIFO may have this name.
  core::FileDescriptor descriptor(
      open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kFileMode));
  if (!descriptor && errno == ELOOP) throw not_a_manifest(file, "a link");
  if (!descriptor) throw core::write_failure(file, errno);
  struct stat status{};
  if (fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw not_a_manifest(file, "no regular file");
  return descriptor;
}

}  // namespace da3::journal
