// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <thread>

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

Lock wait_for_lock(const FileDescriptor& file, std::chrono::milliseconds patience) {
  // flock itself waits without end, also for a process that is stopped, and through signals.
  constexpr std::chrono::milliseconds kBetween{20};
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const Lock lock = try_lock(file);
    const auto left = end - std::chrono::steady_clock::now();
    if (lock != Lock::kHeldByAnother || left <= left.zero()) return lock;
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(kBetween, left));
  }
}

}  // namespace da3::core
