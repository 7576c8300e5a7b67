// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bench/measure/page_cache.hpp>

namespace da3::bench {

std::optional<double> cached_share(const std::filesystem::path& file) {
  std::error_code failed;
  const auto bytes = static_cast<std::size_t>(std::filesystem::file_size(file, failed));
  if (failed || bytes == 0) return std::nullopt;
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  void* mapped = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (mapped == MAP_FAILED) return std::nullopt;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  // The third parameter is unsigned char* on Linux, char* elsewhere.
#ifdef __linux__
  using Flag = unsigned char;
#else
  using Flag = char;
#endif
  std::vector<Flag> flags((bytes + page - 1) / page);
  const bool known = mincore(mapped, bytes, flags.data()) == 0;
  munmap(mapped, bytes);
  if (!known) return std::nullopt;
  const auto held = std::count_if(flags.begin(), flags.end(), [](Flag flag) { return (flag & 1) != 0; });
  return static_cast<double>(held) / static_cast<double>(flags.size());
}

void read_into_page_cache(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  std::vector<char> block(1U << 20U);
  while (read(descriptor, block.data(), block.size()) > 0) {
  }
  close(descriptor);
}

}  // namespace da3::bench
