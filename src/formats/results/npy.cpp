// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/results/encoding.hpp>
#include <formats/results/reading.hpp>

namespace da3::formats {

std::vector<std::uint8_t> encode_npy_file(Encoding& encoding) {
  return encode_npy(encoding.set.depth);
}

std::uint64_t need_npy(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return sizeof(float) * pixels;
}

OutputSet read_npy(FileBytes bytes, const std::string& name) {
  OutputSet set;
  set.depth = map_of_npy(bytes, name);
  return set;
}

}  // namespace da3::formats
