// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <output/atomic_file.hpp>
#include <output/file_descriptor.hpp>
#include <output/write_failure.hpp>

namespace da3::output {
namespace {

constexpr mode_t kFileMode = 0666;  // Less the user's umask
constexpr std::size_t kMaxWriteBytes = std::size_t{1}
                                       << 30U;  // Some systems take no more than 2^31 - 1 at once

std::atomic<std::uint64_t> next_number{0};

std::filesystem::path folder_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

/// A locked file of a fresh name; removed at the end unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target, std::uint64_t needed_bytes) {
    const std::string prefix = ".da3-" + std::to_string(getpid()) + "-";
    while (true) {
      path_ = folder_of(target) / (prefix + std::to_string(next_number++) + ".tmp");
      file_ = FileDescriptor(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
      if (!file_ && errno == EEXIST) continue;  // Of a dead process with this number
      if (!file_) throw write_failure(target, errno, needed_bytes);
      if (is_ours()) return;
    }
  }
  ~TemporaryFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int descriptor() const { return file_.get(); }
  const std::filesystem::path& path() const { return path_; }
  void renamed() { path_.clear(); }

 private:
  /// False if another run took the new file for a dead one's before it was locked.
  bool is_ours() const {
    struct stat status{};
    return try_lock(file_) != Lock::kHeldByAnother && fstat(file_.get(), &status) == 0 && status.st_nlink > 0;
  }

  std::filesystem::path path_;
  FileDescriptor file_;
};

/// 0 or errno.
int write_all(int descriptor, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), std::min(bytes.size(), kMaxWriteBytes));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

/// 0 or errno: some network file systems tell that the disk is full only when a descriptor is closed. A copy
/// is closed, because the lock must last until the rename.
int flush_by_close(int descriptor) {
  const int copy = dup(descriptor);
  if (copy < 0) return errno;
  return close(copy) == 0 ? 0 : errno;
}

int sync_folder(const std::filesystem::path& folder) {
  const FileDescriptor file(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file) return errno;
  return fsync(file.get()) == 0 ? 0 : errno;
}

/// 0 or errno, for file systems without a rename that refuses: a hard link refuses, and where there are none
/// a look beforehand must do.
int rename_by_link(const char* from, const char* to) {
  if (link(from, to) == 0) return unlink(from) == 0 ? 0 : errno;
  if (errno == EEXIST) return EEXIST;
  struct stat status{};
  if (lstat(to, &status) == 0) return EEXIST;
  return rename(from, to) == 0 ? 0 : errno;
}

/// 0 or errno; EEXIST if something has the name.
int rename_refusing(const char* from, const char* to) {
#if defined(__linux__)
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
#elif defined(__APPLE__)
  if (renamex_np(from, to, RENAME_EXCL) == 0) return 0;
#else
  errno = ENOSYS;
#endif
  const bool unsupported = errno == EINVAL || errno == ENOSYS || errno == ENOTSUP;
  return unsupported ? rename_by_link(from, to) : errno;
}

}  // namespace

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes, Existing existing,
                Durability durability) {
  TemporaryFile file(path, bytes.size());
  int failed = write_all(file.descriptor(), bytes);
  if (failed == 0) failed = flush_by_close(file.descriptor());
  if (failed == 0 && durability == Durability::kPower && fsync(file.descriptor()) != 0) failed = errno;
  if (failed != 0) throw write_failure(path, failed, bytes.size());
  if (existing == Existing::kRefuse) {
    failed = rename_refusing(file.path().c_str(), path.c_str());
  } else if (rename(file.path().c_str(), path.c_str()) != 0) {
    failed = errno;
  }
  if (failed == EEXIST || failed == EISDIR || failed == ENOTEMPTY) {
    throw Error(ErrorCode::kOutputExists,
                path.string() +
                    ": something that da3 did not write has this name; move it away, or give "
                    "another folder with --output");
  }
  if (failed != 0) throw write_failure(path, failed, bytes.size());
  file.renamed();
  if (durability == Durability::kPower) {
    failed = sync_folder(folder_of(path));
    if (failed != 0) throw write_failure(path, failed, bytes.size());
  }
}

void ensure_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return;
  for (std::filesystem::path part = folder; !part.empty() && part != part.parent_path();
       part = part.parent_path()) {
    std::error_code unknown;
    const auto type = std::filesystem::status(part, unknown).type();
    if (type == std::filesystem::file_type::directory) break;
    if (type != std::filesystem::file_type::not_found && type != std::filesystem::file_type::none) {
      throw Error(ErrorCode::kOutputFailed,
                  folder.string() + ": the folder cannot be made, because " + part.string() +
                      " is not a folder; move it away, or give another with --output");
    }
  }
  throw write_failure(folder, error.value());
}

}  // namespace da3::output
