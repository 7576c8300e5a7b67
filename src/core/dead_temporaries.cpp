// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/atomic_file.hpp>
#include <core/file_descriptor.hpp>

namespace da3::core {
namespace {

constexpr std::chrono::minutes kYoung{10};  // Longer than any one file takes to be written

/// The number that `text` begins with, which is taken from it.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// The process of `.da3-PID-N.tmp`; none for other names.
std::optional<std::int64_t> writer_of(std::string_view name) {
  constexpr std::string_view kPrefix = ".da3-";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  const auto process = take_number(name);
  if (!process || !name.starts_with('-')) return std::nullopt;
  name.remove_prefix(1);
  return take_number(name) && name == ".tmp" ? process : std::nullopt;
}

bool is_dead(const FileDescriptor& file, std::int64_t process) {
  switch (try_lock(file)) {
    case Lock::kTaken:
      return true;
    case Lock::kHeldByAnother:
      return false;
    case Lock::kUnsupported:
      break;
  }
  struct stat status{};
  if (fstat(file.get(), &status) != 0) return false;
  const bool gone = kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
  return gone &&
         std::chrono::system_clock::now() - std::chrono::system_clock::from_time_t(status.st_mtime) > kYoung;
}

bool remove_if_dead(const std::filesystem::path& path, std::int64_t process) {
  const FileDescriptor file(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return file && is_dead(file, process) && unlink(path.c_str()) == 0;
}

/// A folder is nobody's only if its lock can be had: a forward pass may take longer than any limit of time.
bool remove_folder_if_dead(const std::filesystem::path& path) {
  const FileDescriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder || try_lock(folder) != Lock::kTaken) return false;
  std::error_code failed;
  std::filesystem::remove_all(path, failed);
  return !failed;
}

}  // namespace

std::size_t remove_dead_temporaries(const std::filesystem::path& folder, Search search) {
  std::size_t removed = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator each(
      folder, std::filesystem::directory_options::skip_permission_denied, error);
  while (!error && each != std::filesystem::recursive_directory_iterator()) {
    const auto process = writer_of(each->path().filename().native());
    std::error_code ignored;
    const auto type = process ? each->symlink_status(ignored).type() : std::filesystem::file_type::none;
    const bool is_folder = type == std::filesystem::file_type::directory;
    if (is_folder && remove_folder_if_dead(each->path())) ++removed;
    if (type == std::filesystem::file_type::regular && remove_if_dead(each->path(), *process)) ++removed;
    if (is_folder || search == Search::kFolderAlone) each.disable_recursion_pending();
    each.increment(error);
  }
  return removed;
}

}  // namespace da3::core
