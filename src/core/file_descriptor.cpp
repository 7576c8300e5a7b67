// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include <sys/file.h>
#include <unistd.h>

#include <core/file_descriptor.hpp>

namespace da3::core {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void FileDescriptor::reset() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
}

Lock try_lock(const FileDescriptor& file, bool shared) {
  // flock rather than fcntl: the lock of a process must not go when another part of it closes the same file.
  int result = 0;
  do {
    result = flock(file.get(), (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return Lock::kTaken;
  return errno == EWOULDBLOCK ? Lock::kHeldByAnother : Lock::kUnsupported;
}

bool wait_for_lock(const FileDescriptor& file) {
  while (flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

}  // namespace da3::core
