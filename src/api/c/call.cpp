// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <da3/version.hpp>

#include <api/c/call.hpp>

namespace da3::api::c {
namespace {

struct LastError {
  std::string message;
  std::string code;
};

LastError& last_error() {
  thread_local LastError error;
  return error;
}

}  // namespace

da3_status remember(ErrorCode code, const char* message) noexcept {
  try {
    last_error().message = message;
    last_error().code = error_name(code);
  } catch (const std::bad_alloc&) {
    last_error().message.clear();
    last_error().code.clear();
  }
  return exit_code(code);
}

void require(const void* pointer, const char* name) {
  if (pointer == nullptr)
    throw Error(ErrorCode::kUsage, std::string(name) + ": expected a pointer, found NULL");
}

std::unique_ptr<da3_bytes> bytes_of(const void* data, std::size_t size) {
  auto bytes = std::make_unique<da3_bytes>();
  bytes->bytes.resize(size + 1);
  if (size > 0) std::memcpy(bytes->bytes.data(), data, size);
  return bytes;
}

}  // namespace da3::api::c

using namespace da3::api::c;  // NOLINT(google-build-using-namespace)

extern "C" {

uint32_t da3_abi_version(void) {
  return DA3_ABI_VERSION;
}
const char* da3_version(void) {
  return da3::version().data();
}
const char* da3_libtorch_version(void) {
  return DA3_LIBTORCH_VERSION;
}
const char* da3_last_error(void) {
  return last_error().message.c_str();
}
const char* da3_last_error_code(void) {
  return last_error().code.c_str();
}

const uint8_t* da3_bytes_data(const da3_bytes* bytes) {
  return bytes == nullptr ? nullptr : bytes->bytes.data();
}
size_t da3_bytes_size(const da3_bytes* bytes) {
  return bytes == nullptr ? 0 : bytes->bytes.size() - 1;
}
void da3_bytes_free(da3_bytes* bytes) {
  delete bytes;
}
}
