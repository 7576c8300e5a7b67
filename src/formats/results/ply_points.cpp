// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <formats/ply.hpp>
#include <formats/results/encoding.hpp>

namespace da3::formats {

std::vector<std::uint8_t> encode_ply_file(Encoding& encoding) {
  const OutputSet& set = encoding.set;
  return encode_ply(points_of(set), {"da3 depth of one photo, kind " + std::string(da3::to_string(set.kind)),
                                     "unit " + set.unit.value_or("none")});
}

std::uint64_t need_ply(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  constexpr std::uint64_t kPointBytes = 32;  // Position, colour and confidence, in the points and in the file
  return 2 * kPointBytes * pixels;
}

}  // namespace da3::formats
