// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/format_table.hpp>
#include <formats/read_result.hpp>
#include <fuzz/fuzz.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  for (const formats::Format format : formats::kAllFormats) {
    if (!formats::is_readable(format)) continue;
    fuzz::refused_or_read([&] {
      const formats::OutputSet set = formats::read_result({data, size}, format, "x");
      DA3_MUST(set.depth.values.size() == set.depth.size.area());
    });
  }
  return 0;
}
