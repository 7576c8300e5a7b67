// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
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
  const bool too_many = error == EMFILE || error == ENFILE;
  throw Error(ErrorCode::kInputUnreadable, name + ": cannot be read (" + reason(error) + "); " +
                                               (too_many ? "raise `ulimit -n`, or give fewer --decode-threads"
                                                         : "check the path and its rights"));
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

RegularFile::RegularFile(const std::filesystem::path& path)
    : name_(path.string()), file_(open_regular(path, name_)) {
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) throw_unreadable(name_, errno);
  check_regular(name_, status);  // It may have been replaced since
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void RegularFile::read_up_to(std::uint64_t count, std::vector<std::uint8_t>& bytes) const {
  std::size_t filled = bytes.size();
  bytes.resize(count);
  while (filled < count) {
    const ssize_t read = ::read(file_.get(), bytes.data() + filled, bytes.size() - filled);
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) throw_unreadable(name_, errno);
    if (read == 0) {
      throw Error(ErrorCode::kImageTruncated, name_ + ": the file became shorter while it was read (" +
                                                  grouped(filled) + " of " + grouped(size_) +
                                                  " bytes); try again when it is complete");
    }
    filled += static_cast<std::size_t>(read);
  }
}

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
  const RegularFile file(path);
  std::vector<std::uint8_t> bytes;
  file.read_up_to(file.size(), bytes);
  return bytes;
}

}  // namespace da3::codec
