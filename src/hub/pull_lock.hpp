// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include <core/file_descriptor.hpp>

namespace da3::hub {

/// Lets one process at a time bring a model: the others wait until the end of its object, or of the process.
/// Where the file system knows no locks, nobody waits.
class PullLock {
 public:
  /// Takes the lock `file`, which is made with its folder. `on_wait` is called once if another has it.
  /// Throws: Error kModelFetch (the file cannot be made), kInterrupted.
  PullLock(const std::filesystem::path& file, const std::function<void()>& on_wait,
           const std::stop_token& stop);

  /// Whether another had it.
  bool waited() const { return waited_; }

 private:
  core::FileDescriptor file_;
  bool waited_ = false;
};

}  // namespace da3::hub
