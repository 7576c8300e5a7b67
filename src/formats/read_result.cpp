// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include <formats/float_formats.hpp>
#include <formats/png16.hpp>
#include <formats/read_result.hpp>

#include <da3/error.hpp>

#include <image/order_statistics.hpp>

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

namespace {

std::optional<StoredEnds> stored_ends(Format format, DepthKind kind, float low, float high) {
  if (format == Format::kPng16) return png16_ends(low, high, kind);
  if (format == Format::kExr16) return StoredEnds{as_half(low), as_half(high)};
  return StoredEnds{low, high};
}

}  // namespace

bool has_ends(const OutputSet& read, Format format, DepthKind kind,
              const std::optional<std::pair<float, float>>& ends) {
  const auto found = image::finite_range(read.depth.values);
  const auto expected = ends ? stored_ends(format, kind, ends->first, ends->second) : std::nullopt;
  if (!found || !expected) return !found && !expected;
  // Scale and offset of a PNG are applied in double and rounded to float32, elsewhere perhaps by a fused
  // step.
  const float largest = std::max(std::abs(found->first), std::abs(found->second));
  const float rounding = format == Format::kPng16 ? 0x1p-22F * largest : 0;
  return std::abs(found->first - expected->low.value_or(found->first)) <= rounding &&
         std::abs(found->second - expected->high) <= rounding;
}

}  // namespace da3::formats
