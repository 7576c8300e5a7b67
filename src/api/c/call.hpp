// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <da3/c.h>
#include <da3/error.hpp>

// What every function of the C interface goes through.
struct da3_bytes {
  std::vector<std::uint8_t> bytes;  ///< With the NUL
};

namespace da3::api::c {

/// Remembers an error for da3_last_error of this thread; returns its status.
da3_status remember(ErrorCode code, const char* message) noexcept;

/// Runs `work` and turns what it throws into a status.
template <typename Work>
da3_status call(Work&& work) noexcept {
  try {
    work();
    return DA3_OK;
  } catch (const Error& error) {
    return remember(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return remember(ErrorCode::kOutOfMemory, "memory ran out");
  } catch (const std::length_error&) {
    return remember(ErrorCode::kOutOfMemory, "more was asked for than any memory holds");
  } catch (const std::exception& error) {
    return remember(ErrorCode::kInternal, error.what());
  } catch (...) {
    return remember(ErrorCode::kInternal, "an exception of an unknown type");
  }
}

/// Throws: Error kUsage if `pointer` is NULL.
void require(const void* pointer, const char* name);

/// A caller's struct as this library knows it: members that the caller does not have keep their defaults;
/// NULL is all defaults. Throws: Error kUsage for a struct without its size.
template <typename Struct>
Struct read(const Struct* theirs, Struct defaults, const char* name) {
  if (theirs == nullptr) return defaults;
  if (theirs->struct_size < sizeof(std::size_t)) {
    throw Error(ErrorCode::kUsage,
                std::string(name) + ": struct_size is not set; initialise it by its _INIT macro");
  }
  const std::size_t size = std::min(theirs->struct_size, sizeof(Struct));
  std::memcpy(static_cast<void*>(&defaults), theirs, size);
  defaults.struct_size = sizeof(Struct);
  return defaults;
}

/// Fills a caller's struct, as much of it as the caller has. Throws: Error kUsage for a struct without its
/// size.
template <typename Struct>
void write(Struct ours, Struct* theirs, const char* name) {
  require(theirs, name);
  if (theirs->struct_size < sizeof(std::size_t)) {
    throw Error(ErrorCode::kUsage,
                std::string(name) + ": struct_size is not set; initialise it by its _INIT macro");
  }
  const std::size_t size = std::min(theirs->struct_size, sizeof(Struct));
  ours.struct_size = theirs->struct_size;
  std::memcpy(static_cast<void*>(theirs), &ours, size);
}

/// The text of an option; empty for NULL.
inline std::string text(const char* given) {
  return given == nullptr ? std::string() : std::string(given);
}

std::unique_ptr<da3_bytes> bytes_of(const void* data, std::size_t size);
inline std::unique_ptr<da3_bytes> bytes_of(const std::string& text) {
  return bytes_of(text.data(), text.size());
}

}  // namespace da3::api::c
