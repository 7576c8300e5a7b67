// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include <core/file_descriptor.hpp>

namespace da3::core {

/// A hidden folder `.da3-PID-N.tmp` for what is not finished yet, locked while it lives, which goes at the
/// end with all that is in it. Threads: one.
class WorkFolder {
 public:
  /// Makes it in `parent`, from which temporary files and folders of dead processes go. Throws: Error
  /// kOutputFailed.
  explicit WorkFolder(const std::filesystem::path& parent);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  bool make();

  std::filesystem::path path_;
  FileDescriptor descriptor_;
};

}  // namespace da3::core
