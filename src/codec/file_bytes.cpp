// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include <codec/encoded_picture.hpp>
#include <codec/file_bytes.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/file_descriptor.hpp>

namespace da3::codec {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a named pipe (FIFO)";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device file";
}

void check_regular(const std::string& name, const struct stat& status) {
  if (S_ISREG(status.st_mode)) return;
  throw Error(ErrorCode::kInputNotRegular,
              name + ": this is " + kind_of(status.st_mode) +
                  ", and only regular files are read; give the path of a picture file");
}

[[noreturn]] void throw_unreadable(const std::string& name, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    throw Error(ErrorCode::kInputNotFound, name + ": no such file; check the path");
  }
  throw Error(ErrorCode::kInputUnreadable,
              name + ": cannot be read (" + reason(error) + "); check the path and its rights");
}

/// Opens without touching what is no regular file: even opening some devices has effects.
core::FileDescriptor open_regular(const std::filesystem::path& path, const std::string& name) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) throw_unreadable(name, errno);
  check_regular(name, status);
  core::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file) throw_unreadable(name, errno);
  return file;
}

}  // namespace

FileBytes read_file(const std::filesystem::path& path, std::size_t most) {
  const std::string name = path.string();
  const core::FileDescriptor file = open_regular(path, name);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) throw_unreadable(name, errno);
  check_regular(name, status);  // It may have been replaced since
  const auto size = static_cast<std::size_t>(status.st_size);
  FileBytes result{std::vector<std::uint8_t>(std::min(size, most)), size};
  std::size_t filled = 0;
  while (filled < result.bytes.size()) {
    const ssize_t count = ::read(file.get(), result.bytes.data() + filled, result.bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_unreadable(name, errno);
    if (count == 0) {
      throw Error(ErrorCode::kImageTruncated, name + ": the file became shorter while it was read (" +
                                                  grouped(filled) + " of " + grouped(size) +
                                                  " bytes); try again when it is complete");
    }
    filled += static_cast<std::size_t>(count);
  }
  return result;
}

}  // namespace da3::codec
