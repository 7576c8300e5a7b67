// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <engine/export/atomic_file.hpp>

namespace da3::engine {

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)), temporary_(target_) {
  temporary_ += "." + std::to_string(::getpid()) + ".part";
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) fail(errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::fail(int error) const {
  throw Error(ErrorCode::kOutputFailed, target_.string() + ": cannot be written (" +
                                            std::generic_category().message(error) +
                                            "); check that its folder exists, is writable and has room");
}

void AtomicFile::write(const void* data, std::size_t size) {
  // Linux writes at most 2 GiB at a time.
  constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ::ssize_t written = ::write(fd_, bytes, std::min(size, kMostAtOnce));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno);
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::finish() {
  if (::fsync(fd_) != 0) fail(errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  ::close(std::exchange(fd_, -1));
  // The new name is safe only once the folder is written; a file system that cannot do that still has the
  // file.
  const std::filesystem::path folder = target_.has_parent_path() ? target_.parent_path() : ".";
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd < 0) return;
  ::fsync(folder_fd);
  ::close(folder_fd);
}

}  // namespace da3::engine
