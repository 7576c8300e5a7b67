// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fuzz/fuzz.hpp>

// The parser of answers is private to its file.
#include "../../src/hub/hub_api.cpp"  // NOLINT(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  const std::string text(fuzz::text_of(data, size));
  fuzz::refused_or_read([&] { hub::parse_info("owner/name", text); });
  hub::spdx_licence(text);
  hub::is_repository_name(text);
  if (hub::is_safe_file_name(text)) {
    DA3_MUST(!text.empty() && text.front() != '/' && ("/" + text + "/").find("/../") == std::string::npos);
  }
  return 0;
}
