// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <string_view>

#include <c10/util/Exception.h>

#include <engine/torch_errors.hpp>

namespace da3::engine {
namespace {

/// The script interpreter puts its own frames in front of the cause, which then stands in the last line that
/// begins with the name of an error.
std::string_view cause(std::string_view text) {
  constexpr std::string_view kMarker = "RuntimeError: ";
  if (const auto at = text.rfind(kMarker); at != std::string_view::npos) {
    text.remove_prefix(at + kMarker.size());
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::string torch_message(const std::exception& error) {
  if (const auto* torch_error = dynamic_cast<const c10::Error*>(&error)) {
    return std::string(cause(torch_error->what_without_backtrace()));
  }
  return std::string(cause(error.what()));
}

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) || dynamic_cast<const std::bad_alloc*>(&error))
    return true;
  if (const auto* own = dynamic_cast<const Error*>(&error)) return own->code() == ErrorCode::kOutOfMemory;
  const std::string_view text = error.what();
  for (const std::string_view sign : {"out of memory", "can't allocate memory", "not enough memory"}) {
    if (text.find(sign) != std::string_view::npos) return true;
  }
  return false;
}

Error translate(const std::exception& error, ErrorCode otherwise, const std::string& doing) {
  if (const auto* own = dynamic_cast<const Error*>(&error)) return *own;
  const ErrorCode code = is_out_of_memory(error) ? ErrorCode::kOutOfMemory : otherwise;
  return Error(code, doing + ": " + torch_message(error));
}

}  // namespace da3::engine
