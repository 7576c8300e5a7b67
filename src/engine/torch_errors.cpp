// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
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
  // The compiler begins with an empty line, then names what it refuses.
  text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
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
  // Libraries report their own workspace as a status; cuBLAS calls a handle that it found no memory for not
  // initialized, oneDNN says so where it found no memory for the code of a convolution, and LibTorch where it
  // found none for the workspace of any of cuDNN's engines. Metal has a largest buffer.
  for (const std::string_view sign :
       {"out of memory", "can't allocate memory", "not enough memory", "_STATUS_ALLOC_FAILED",
        "_ALLOCATION_FAILED", "CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate",
        "could not create a primitive", "unable to find an engine to execute this computation",
        "Invalid buffer size: "}) {
    if (text.find(sign) != std::string_view::npos) return true;
  }
  return false;
}

std::optional<std::string> device_failure(const std::exception& error) {
  if (dynamic_cast<const Error*>(&error) != nullptr || is_out_of_memory(error)) return std::nullopt;
  const std::string message = torch_message(error);
  const auto says = [&](std::string_view sign) { return message.find(sign) != std::string::npos; };
  // Of a recording that came to nothing: the device goes on.
  if (says("captur")) return std::nullopt;
  if (says("busy or unavailable")) {
    return "it is busy: another program has it to itself (compute mode \"exclusive process\"), or it is "
           "switched off";
  }
  if (says("no kernel image is available")) {
    return "this LibTorch has no code for this GPU; take one that was built for it, or use --device cpu";
  }
  if (says("driver version is insufficient")) {
    return "its driver is older than this LibTorch's CUDA; update the driver or take another LibTorch";
  }
  const bool failed = dynamic_cast<const c10::AcceleratorError*>(&error) != nullptr || says("CUDA error: ") ||
                      says("device-side assert") || says("GPU is lost") || says("MPS: command buffer");
  if (!failed) return std::nullopt;
  return "it failed and needs a new start of the program (" + message + ")";
}

Error translate(const std::exception& error, ErrorCode otherwise, const std::string& doing) {
  if (const auto* own = dynamic_cast<const Error*>(&error)) return *own;
  if (const auto failure = device_failure(error)) {
    return Error(ErrorCode::kDeviceUnavailable, doing + ": the device cannot be used: " + *failure);
  }
  const ErrorCode code = is_out_of_memory(error) ? ErrorCode::kOutOfMemory : otherwise;
  return Error(code, doing + ": " + torch_message(error));
}

Error naming_file(const Error& error, const std::filesystem::path& file) {
  const bool of_model = error.code() == ErrorCode::kModelContract || error.code() == ErrorCode::kModelDamaged;
  const std::string text = error.what();
  if (!of_model || text.find(file.string()) != std::string::npos) return error;
  return Error(error.code(), file.string() + ": " + text);
}

}  // namespace da3::engine
