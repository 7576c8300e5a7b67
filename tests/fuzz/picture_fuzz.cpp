// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <codec/decode.hpp>
#include <codec/picture_format.hpp>
#include <fuzz/fuzz.hpp>

// Header, limits and pixels of the format DA3_FUZZ_FORMAT.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  const std::span<const std::uint8_t> bytes(data, size);
  const codec::DecodeOptions options{.max_pixels = std::uint64_t{1} << 20, .jpeg_pixels = {}};
  try {
    if (&codec::detect_format({bytes, "x", options.max_pixels}) != &codec::DA3_FUZZ_FORMAT) return -1;
  } catch (const Error&) {
    return -1;
  }
  std::optional<Size> said;
  fuzz::refused_or_read([&] { said = codec::read_size(fuzz::file_with(bytes), options); });
  if (said) DA3_MUST(said->height > 0 && said->width > 0 && said->area() <= options.max_pixels);
  fuzz::refused_or_read([&] {
    const codec::Decoded decoded = codec::decode(bytes, "x", options);
    DA3_MUST(said && decoded.image.size == *said);
    DA3_MUST(decoded.image.rgb.size() == decoded.image.size.area() * 3);
    if (decoded.exif_focal) DA3_MUST(decoded.exif_focal->focal_px > 0 && decoded.exif_focal->focal_px < 1e12);
  });
  return 0;
}
