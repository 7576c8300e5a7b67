// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/file_descriptor.hpp>
#include <core/write_failure.hpp>

namespace da3::core {
namespace {

constexpr mode_t kFileMode = 0666;  // Less the user's umask
constexpr std::size_t kMaxWriteBytes = std::size_t{1}
                                       << 30U;  // Some systems take no more than 2^31 - 1 at once

std::atomic<std::uint64_t> next_number{0};

std::filesystem::path folder_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

/// False if another run took the new file for a dead one's before it was locked.
bool is_ours(const FileDescriptor& file) {
  struct stat status{};
  return try_lock(file) != Lock::kHeldByAnother && fstat(file.get(), &status) == 0 && status.st_nlink > 0;
}

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

/// Of the link itself where it is one.
bool is_no_file(const std::filesystem::path& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) &&
         !S_ISLNK(status.st_mode);
}

/// Errors that say nothing about a name. Which ones a file system has for names that it does not take
/// differs: EINVAL, EILSEQ, ENOENT (exFAT by FUSE), EPROTO (shared folders of VirtualBox).
bool is_about_the_disk(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EROFS:
    case EACCES:
    case EPERM:
    case EIO:
    case ESTALE:
    case ENOMEM:
    case EBUSY:
    case ENAMETOOLONG:  // Has its own advice
      return true;
    default:
      return false;
  }
}

/// 0 or errno.
int rename_replacing(const char* from, const char* to) {
  return rename(from, to) == 0 ? 0 : errno;
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target, std::uint64_t needed_bytes)
    : target_(std::move(target)), needed_bytes_(needed_bytes) {
  if (is_no_file(target_)) {
    throw Error(ErrorCode::kOutputExists,
                target_.string() + ": this is a device, FIFO or socket, which is not replaced; name a file");
  }
  // The system would take what is in front of it for the name.
  if (target_.native().find('\0') != std::string::npos) fail(EINVAL);
  do {
    name_temporary();
    file_ = FileDescriptor(open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
    // EEXIST: of a dead process with this number.
    if (!file_ && errno != EEXIST) fail(errno);
  } while (!file_ || !is_ours(file_));
}

/// True if the same file may have another name in the same folder, so that the name was refused and no more.
bool AtomicFile::takes_another_name() {
  const std::filesystem::path before = temporary_;
  name_temporary();
  if (rename_replacing(before.c_str(), temporary_.c_str()) == 0) return true;
  temporary_ = before;
  return false;
}

AtomicFile::~AtomicFile() {
  if (file_ && !temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::name_temporary() {
  temporary_ = folder_of(target_) /
               (".da3-" + std::to_string(getpid()) + "-" + std::to_string(next_number++) + ".tmp");
}

void AtomicFile::fail(int error_number) const {
  throw write_failure(target_, error_number, needed_bytes_);
}

void AtomicFile::write(std::span<const std::uint8_t> bytes) {
  if (const int failed = write_all(file_.get(), bytes); failed != 0) fail(failed);
}

void AtomicFile::finish(Existing existing, Durability durability) {
  if (const int failed = flush_by_close(file_.get()); failed != 0) fail(failed);
  if (durability == Durability::kPower && fsync(file_.get()) != 0) fail(errno);
  const int failed = existing == Existing::kRefuse ? rename_refusing(temporary_.c_str(), target_.c_str())
                                                   : rename_replacing(temporary_.c_str(), target_.c_str());
  if (failed == EEXIST || failed == EISDIR || failed == ENOTEMPTY) {
    throw Error(ErrorCode::kOutputExists,
                target_.string() +
                    ": something that da3 did not write has this name; move it away, or give "
                    "another place with --output");
  }
  if (failed != 0 && !is_about_the_disk(failed) && takes_another_name()) fail(EINVAL);
  if (failed != 0) fail(failed);
  temporary_.clear();
  if (durability == Durability::kPower) {
    if (const int unsynced = sync_folder(folder_of(target_)); unsynced != 0) fail(unsynced);
  }
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes, Existing existing,
                Durability durability) {
  AtomicFile file(path, bytes.size());
  file.write(bytes);
  file.finish(existing, durability);
}

std::filesystem::path end_of_links(const std::filesystem::path& path) {
  constexpr int kMostLinks = 40;  // As many as Linux follows
  std::filesystem::path end = path;
  for (int i = 0; i < kMostLinks; ++i) {
    std::error_code failed;
    const std::filesystem::path next = std::filesystem::read_symlink(end, failed);
    if (failed) break;
    end = next.is_absolute() ? next : end.parent_path() / next;
  }
  return end;
}

void require_another_file(const std::filesystem::path& result, const std::filesystem::path& input) {
  std::error_code failed;
  if (!std::filesystem::equivalent(result, input, failed)) return;
  throw Error(ErrorCode::kOutputExists,
              result.string() +
                  ": this is the input, which is never replaced; give another name with "
                  "--output");
}

bool is_stream(const std::filesystem::path& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

namespace {

void with_named(const std::filesystem::path& path, const std::function<void()>& write) {
  try {
    write();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kOutputName) throw;
    throw Error(ErrorCode::kOutputFailed,
                path.string() + ": no file of this name can be made there; give another name");
  }
}

}  // namespace

void require_output(const std::filesystem::path& path) {
  if (is_stream(path)) return;
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed))
    throw Error(ErrorCode::kOutputFailed, path.string() + ": this is a folder; name a file");
  with_named(path, [&] { const AtomicFile trial(end_of_links(path)); });
}

void write_named_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  with_named(path, [&] { write_file(path, bytes, Existing::kReplace); });
}

void write_output(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  if (!is_stream(path)) return write_named_file(end_of_links(path), bytes);
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) throw write_failure(path, errno, bytes.size());
  if (const int failed = write_all(file.get(), bytes); failed != 0)
    throw write_failure(path, failed, bytes.size());
}

void ensure_folder(const std::filesystem::path& folder, NamedBy named_by) {
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
  const Error failure = write_failure(folder, error.value());
  if (failure.code() != ErrorCode::kOutputName || named_by == NamedBy::kInput) throw failure;
  throw Error(ErrorCode::kOutputFailed, folder.string() + ": the folder cannot be made (" + error.message() +
                                            "); give another with --output");
}

}  // namespace da3::core
