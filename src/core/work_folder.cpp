// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/work_folder.hpp>

namespace da3::core {
namespace {

constexpr mode_t kFolderMode = 0700;

}  // namespace

WorkFolder::WorkFolder(const std::filesystem::path& parent) {
  remove_dead_temporaries(parent, Search::kFolderAlone);
  for (int number = 0;; ++number) {
    path_ = parent / (".da3-" + std::to_string(getpid()) + "-" + std::to_string(number) + ".tmp");
    if (make()) return;
    if (errno == EEXIST) continue;
    throw Error(ErrorCode::kOutputFailed, parent.string() + ": nothing can be written there (" +
                                              std::generic_category().message(errno) + ")");
  }
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

/// False with errno. EEXIST also if another run took the new folder for a dead one's before it was locked.
bool WorkFolder::make() {
  if (mkdir(path_.c_str(), kFolderMode) != 0) return false;
  descriptor_ = FileDescriptor(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!descriptor_ && errno != ENOENT) {
    const int reason = errno;
    rmdir(path_.c_str());
    errno = reason;
    return false;
  }
  struct stat status{};
  if (descriptor_ && try_lock(descriptor_) != Lock::kHeldByAnother && stat(path_.c_str(), &status) == 0)
    return true;
  errno = EEXIST;
  return false;
}

}  // namespace da3::core
