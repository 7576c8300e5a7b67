// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <da3/error.hpp>

/// Ends the process where something that must hold for every input does not: what a fuzzer looks for.
#define DA3_MUST(condition)                                                               \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (0)

namespace da3::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A file with these contents, the same one at every call.
inline const std::string& file_with(std::span<const std::uint8_t> bytes, const char* name = "da3-fuzz") {
  static const std::string path = [&] {
    const char* const folder = std::getenv("TMPDIR");
    return std::string(folder != nullptr ? folder : "/tmp") + "/" + name + "-" + std::to_string(getpid());
  }();
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  DA3_MUST(file >= 0);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t written = write(file, bytes.data() + at, bytes.size() - at);
    DA3_MUST(written > 0);
    at += static_cast<std::size_t>(written);
  }
  close(file);
  return path;
}

/// Calls `read`, which may refuse its input by any error but that for a bug of ours.
template <typename Read>
void refused_or_read(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) std::fprintf(stderr, "%s\n", error.what());
    DA3_MUST(error.code() != ErrorCode::kInternal);
  }
}

}  // namespace da3::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
