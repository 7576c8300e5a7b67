// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cameras/readers.hpp>
#include <fuzz/fuzz.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  const cameras::Bytes bytes(data, size);
  const cameras::Bytes first = bytes.first(size / 2);
  const cameras::Bytes second = bytes.subspan(size / 2);
  fuzz::refused_or_read([&] { cameras::read_npz(bytes); });
  fuzz::refused_or_read([&] { cameras::read_json(bytes); });
  fuzz::refused_or_read([&] { cameras::read_colmap_lenses(bytes); });
  fuzz::refused_or_read([&] { cameras::read_colmap_text(first, second); });
  fuzz::refused_or_read([&] { cameras::read_colmap_binary(first, second); });
  return 0;
}
