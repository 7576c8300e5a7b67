// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fuzz/fuzz.hpp>
#include <predict/learned_batches.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::text_of(data, size);
  const std::string written = predict::to_text(predict::parse_learned_batches(text));
  DA3_MUST(predict::to_text(predict::parse_learned_batches(written)) == written);
  return 0;
}
