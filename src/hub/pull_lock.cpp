// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>

#include <fcntl.h>

#include <da3/error.hpp>

#include <hub/pull_lock.hpp>

namespace da3::hub {

PullLock::PullLock(const std::filesystem::path& file, const std::function<void()>& on_wait,
                   const std::stop_token& stop) {
  std::error_code problem;
  std::filesystem::create_directories(file.parent_path(), problem);
  file_ = core::FileDescriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file_) {
    throw Error(ErrorCode::kOutputFailed, file.string() + ": cannot be made (" + std::strerror(errno) +
                                              "); give another folder with DA3_HOME");
  }
  while (core::try_lock(file_) == core::Lock::kHeldByAnother) {
    if (stop.stop_requested())
      throw Error(ErrorCode::kInterrupted,
                  "waiting for another download was interrupted; the same command goes on");
    if (!waited_ && on_wait) on_wait();
    waited_ = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace da3::hub
