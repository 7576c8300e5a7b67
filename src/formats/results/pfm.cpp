// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>

#include <formats/results/encoding.hpp>
#include <formats/results/reading.hpp>

namespace da3::formats {

std::vector<std::uint8_t> encode_pfm_file(Encoding& encoding) {
  return encode_pfm(encoding.set.depth);
}

std::uint64_t need_pfm(std::uint64_t pixels, std::uint64_t /*maps*/, const EncodeOptions& /*options*/) {
  return sizeof(float) * pixels;
}

OutputSet read_pfm(FileBytes bytes, const std::string& name) {
  std::istringstream header(
      std::string(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 128)));
  std::string magic;
  long long width = 0;
  long long height = 0;
  double scale = 0;
  if (!(header >> magic >> width >> height >> scale) || magic != "Pf")
    refuse_file(name, "not a PFM file of one channel");
  const FileBytes data =
      bytes.subspan(std::min<std::size_t>(static_cast<std::size_t>(header.tellg()) + 1, bytes.size()));
  const Size size = checked_size(name, height, width, data.size(), sizeof(float));
  const DepthMap upside_down = floats_of(data, size, scale > 0);
  OutputSet set;
  set.depth = {size, {}};
  set.depth.values.reserve(size.area());
  for (int y = size.height - 1; y >= 0; --y) {
    const auto row = upside_down.values.begin() + static_cast<std::ptrdiff_t>(y) * size.width;
    set.depth.values.insert(set.depth.values.end(), row, row + size.width);
  }
  return set;
}

}  // namespace da3::formats
