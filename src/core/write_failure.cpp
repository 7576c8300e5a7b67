// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <system_error>

#include <sys/statvfs.h>
#include <unistd.h>

#include <core/text.hpp>
#include <core/write_failure.hpp>

namespace da3::core {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

std::string free_text(const std::filesystem::path& path) {
  struct statvfs system{};
  if (statvfs(folder_of(path).c_str(), &system) != 0) return "an unknown number";
  return grouped(static_cast<std::uint64_t>(system.f_bavail) * system.f_frsize);
}

std::string needed_text(std::uint64_t needed_bytes) {
  return needed_bytes == 0 ? "" : grouped(needed_bytes) + " bytes needed, ";
}

}  // namespace

Error write_failure(const std::filesystem::path& path, int error_number, std::uint64_t needed_bytes) {
  const std::string subject = path.string() + ": ";
  const auto failed = [&](const std::string& text) {
    return Error(ErrorCode::kOutputFailed, subject + text);
  };
  const auto refused_name = [&] {
    return Error(ErrorCode::kOutputName,
                 subject + "the file system does not take this name; rename the input");
  };
  std::error_code unknown;
  switch (error_number) {
    case ENOSPC:
      return failed("the disk is full (" + needed_text(needed_bytes) + free_text(path) +
                    " free); make room or give another folder with --output, the same command goes on");
    case EDQUOT:
      return failed("the disk quota is used up (" + needed_text(needed_bytes) + free_text(path) +
                    " free on the disk itself); make room or give another folder with --output, the same "
                    "command goes on");
    case EFBIG:
      return failed("the file would be larger than allowed (" + needed_text(needed_bytes) +
                    "limit of `ulimit -f` or of the file system); raise the limit");
    case EROFS:
      return failed("the file system is read-only; give another folder with --output");
    case EACCES:
    case EPERM:
      return failed("user " + std::to_string(geteuid()) + " has no right to write in " +
                    folder_of(path).string() +
                    "; change its permissions or give another folder with --output");
    case ENOENT:
      // Some file systems (exFAT by FUSE) have no other error for a name that they do not take.
      if (std::filesystem::is_directory(folder_of(path), unknown)) return refused_name();
      return failed("the folder " + folder_of(path).string() +
                    " is not there, or has vanished during the run; make it again");
    case ENOTDIR:
      return failed("a file is in the place of a folder on this path; give another folder with --output");
    case ENAMETOOLONG:
      return {ErrorCode::kOutputName,
              subject + "the name is too long for the file system; shorten the input's name"};
    case EILSEQ:
    case EINVAL:
    case EPROTO:
      return refused_name();
    default:
      return failed("cannot be written: " + std::generic_category().message(error_number));
  }
}

}  // namespace da3::core
