// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <codec/exif.hpp>
#include <fuzz/fuzz.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  const codec::ExifFields fields = codec::parse_exif({data, size});
  DA3_MUST(fields.orientation >= 1 && fields.orientation <= 8);
  for (const Size stored : {Size{1, 1}, Size{4000, 3000}, Size{1, 65535}}) {
    const auto focal = codec::focal_from_exif(fields, stored);
    if (focal) DA3_MUST(std::isfinite(focal->focal_px) && focal->focal_px > 0);
    if (focal) DA3_MUST(codec::focal_doubt(fields, stored).empty());
  }
  return 0;
}
