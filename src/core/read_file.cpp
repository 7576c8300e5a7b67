// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <core/file_descriptor.hpp>
#include <core/read_file.hpp>

namespace da3::core {
namespace {

[[noreturn]] void cannot_read(const std::string& name, int error, ErrorCode code) {
  throw Error(code, name + ": cannot be read: " + std::generic_category().message(error));
}

/// Appends what can be read to `text`; 0 or errno.
int read_into(std::string& text, const std::filesystem::path& file) {
  const FileDescriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) return errno;
  std::array<char, 65536> block{};
  for (;;) {
    const ssize_t got = read(descriptor.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return 0;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

std::string read_file(const std::filesystem::path& file, ErrorCode code) {
  std::string text;
  if (const int failed = read_into(text, file); failed != 0) cannot_read(file.string(), failed, code);
  return text;
}

std::string read_text(const std::filesystem::path& file) {
  std::string text;
  return read_into(text, file) == 0 ? text : std::string();
}

void require_read_to_end(const std::istream& stream, const std::string& name, ErrorCode code) {
  if (stream.eof() && !stream.bad()) return;
  // Neither: it was never opened.
  const int reason = stream.bad() || errno == 0 ? EIO : errno;
  cannot_read(name, reason, code);
}

}  // namespace da3::core
