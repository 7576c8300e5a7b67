// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fuzz/fuzz.hpp>

#include <weights/record.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  fuzz::refused_or_read([&] {
    const ModelSpec spec = weights::parse_record(fuzz::text_of(data, size), "x");
    const std::string text = weights::record_text(spec);
    DA3_MUST(weights::record_text(weights::parse_record(text, "again")) == text);
  });
  return 0;
}
