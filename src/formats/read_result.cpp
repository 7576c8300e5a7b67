// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <new>

#include <formats/read_result.hpp>

#include <da3/error.hpp>

namespace da3::formats {

bool is_readable(Format format) {
  return kFormatFacts.at(static_cast<std::size_t>(format)).read_rank > 0;
}

std::optional<Format> best_readable(const std::vector<Format>& formats) {
  const auto rank = [](Format format) {
    const int known = kFormatFacts.at(static_cast<std::size_t>(format)).read_rank;
    return known > 0 ? known : std::numeric_limits<int>::max();
  };
  const auto best = std::ranges::min_element(formats, {}, rank);
  if (best == formats.end() || !is_readable(*best)) return std::nullopt;
  return *best;
}

OutputSet read_result(std::span<const std::uint8_t> bytes, Format format, const std::string& name) {
  const FormatRow& row = kFormatRows.at(static_cast<std::size_t>(format));
  if (row.read == nullptr) {
    throw Error(ErrorCode::kImageUnsupported, name + ": depth cannot be read back from " +
                                                  std::string(row.facts.name) + " files; make " +
                                                  readable_names() + " with da3 infer");
  }
  try {
    return row.read(bytes, name);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, name + ": there is not enough memory to read it");
  }
}

}  // namespace da3::formats
