// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/file_descriptor.hpp>
#include <core/mapped_file.hpp>

namespace da3::core {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  const std::string reason = std::generic_category().message(error);
  if (error == ENOENT || error == ENOTDIR) {
    throw Error(ErrorCode::kModelNotFound, path.string() + ": no such file; check the path");
  }
  throw Error(ErrorCode::kModelDamaged,
              path.string() + ": cannot be read (" + reason + "); check its permissions and the disk");
}

}  // namespace

MappedFile MappedFile::open(const std::filesystem::path& path) {
  // Non-blocking, so that a FIFO does not wait for a writer before it is refused.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) fail(path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) fail(path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(
        ErrorCode::kModelDamaged,
        path.string() + ": expected a regular file, found a folder or a device; name the file itself");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return {{}, nullptr};
  void* const address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) fail(path, errno);
  std::shared_ptr<void> handle(address, [size](void* mapped) { ::munmap(mapped, size); });
  return {std::span(static_cast<std::byte*>(address), size), std::move(handle)};
}

void forget_pages(std::span<const std::byte> bytes) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t end = (begin + bytes.size()) / page * page;
  if (first >= end) return;
  ::madvise(const_cast<std::byte*>(bytes.data()) + (first - begin), end - first, MADV_DONTNEED);
}

}  // namespace da3::core
