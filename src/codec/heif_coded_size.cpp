// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include <codec/byte_reader.hpp>
#include <codec/heif_coded_size.hpp>

namespace da3::codec {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// Bits from the highest of the first byte; 0 past the end.
class Bits {
 public:
  explicit Bits(Bytes bytes) : bytes_(bytes) {}

  bool is_past_end() const { return at_ > bytes_.size() * 8; }
  void skip(std::size_t count) { at_ += count; }

  std::uint64_t take(std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < count; ++k, ++at_) {
      const std::size_t byte = at_ / 8;
      value = value << 1U | (byte < bytes_.size() ? bytes_[byte] >> (7U - at_ % 8) & 1U : 0U);
    }
    return value;
  }
  bool flag() { return take(1) != 0; }

  /// Exponential Golomb code (H.265, 9.2).
  std::uint64_t golomb() {
    constexpr std::size_t kMostZeros = 32;
    std::size_t zeros = 0;
    while (zeros < kMostZeros && !flag()) ++zeros;
    return (std::uint64_t{1} << zeros) - 1 + take(zeros);
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

/// Without the bytes that keep start codes out (H.265, 7.4.2).
std::vector<std::uint8_t> without_emulation(Bytes unit) {
  std::vector<std::uint8_t> bytes;
  std::size_t zeros = 0;
  for (const std::uint8_t byte : unit) {
    const bool is_emulation = zeros >= 2 && byte == 3;
    zeros = byte == 0 ? zeros + 1 : 0;
    if (!is_emulation) bytes.push_back(byte);
  }
  return bytes;
}

void skip_profile_and_level(Bits& bits, std::size_t sub_layers) {
  constexpr std::size_t kProfileBits = 88;
  constexpr std::size_t kLevelBits = 8;
  constexpr std::size_t kMostLayers = 8;
  bits.skip(kProfileBits + kLevelBits);
  std::size_t of_layers = 0;
  for (std::size_t k = 0; k < sub_layers; ++k) {
    of_layers += bits.flag() ? kProfileBits : 0;
    of_layers += bits.flag() ? kLevelBits : 0;
  }
  if (sub_layers > 0) bits.skip(2 * (kMostLayers - sub_layers));
  bits.skip(of_layers);
}

/// Of a sequence parameter set; the decoder cuts its conformance window out.
std::optional<HeifSize> hevc_size(Bytes unit) {
  const std::vector<std::uint8_t> bytes = without_emulation(unit);
  Bits bits{Bytes(bytes)};
  bits.skip(16 + 4);  // Headers of the unit, the video parameter set
  const std::size_t sub_layers = bits.take(3);
  bits.skip(1);
  skip_profile_and_level(bits, sub_layers);
  bits.golomb();  // Its number
  const std::uint64_t chroma = bits.golomb();
  const bool is_separate = chroma == 3 && bits.flag();
  HeifSize size;
  size.width = bits.golomb();
  size.height = bits.golomb();
  if (bits.flag()) {
    const std::uint64_t unit_x = !is_separate && (chroma == 1 || chroma == 2) ? 2 : 1;
    const std::uint64_t unit_y = !is_separate && chroma == 1 ? 2 : 1;
    const std::uint64_t left = bits.golomb();
    size.width -= std::min(size.width, unit_x * (left + bits.golomb()));
    const std::uint64_t top = bits.golomb();
    size.height -= std::min(size.height, unit_y * (top + bits.golomb()));
  }
  return bits.is_past_end() ? std::nullopt : std::optional(size);
}

std::vector<HeifSize> hevc_sizes(Bytes configuration) {
  // Parameter sets have some hundred bytes in all.
  constexpr std::size_t kMostBytes = 4096;
  constexpr std::size_t kArrays = 22;
  constexpr std::uint8_t kSequenceSet = 33;
  const ByteReader reader(configuration.first(std::min(configuration.size(), kMostBytes)), ByteOrder::kBig);
  std::vector<HeifSize> sizes;
  std::size_t at = kArrays + 1;
  for (int array = reader.u8(kArrays).value_or(0); array > 0; --array) {
    const auto type = reader.u8(at);
    const auto units = reader.u16(at + 1);
    if (!type || !units) break;
    at += 3;
    for (int unit = *units; unit > 0; --unit) {
      const auto length = reader.u16(at);
      if (!length) return sizes;
      const Bytes bytes = reader.part(at + 2, *length);
      if ((*type & 63U) == kSequenceSet) {
        if (const auto size = hevc_size(bytes)) sizes.push_back(*size);
      }
      at += 2 + std::size_t{*length};
    }
  }
  return sizes;
}

std::optional<HeifSize> av1_sequence_size(Bytes bytes) {
  Bits bits(bytes);
  bits.skip(3 + 1);  // Its profile, a still picture
  const bool is_reduced = bits.flag();
  if (is_reduced) {
    bits.skip(5);
  } else {
    if (bits.flag()) return std::nullopt;  // Times, which pictures do not have
    const bool has_delays = bits.flag();
    constexpr std::uint64_t kLevelWithTier = 8;
    for (std::uint64_t points = bits.take(5) + 1; points > 0; --points) {
      bits.skip(12);
      if (bits.take(5) >= kLevelWithTier) bits.skip(1);
      if (has_delays && bits.flag()) bits.skip(4);
    }
  }
  const std::size_t width_bits = bits.take(4) + 1;
  const std::size_t height_bits = bits.take(4) + 1;
  HeifSize size;
  size.width = bits.take(width_bits) + 1;
  size.height = bits.take(height_bits) + 1;
  return bits.is_past_end() ? std::nullopt : std::optional(size);
}

std::optional<HeifSize> av1_size(Bytes data) {
  constexpr unsigned kSequenceHeader = 1;
  for (std::size_t at = 0; at < data.size();) {
    const std::uint8_t header = data[at++];
    if ((header & 4U) != 0) ++at;
    std::size_t length = 0;
    bool more = (header & 2U) != 0;
    for (unsigned shift = 0; more && at < data.size() && shift < 32; shift += 7) {
      length |= std::size_t{data[at] & 127U} << shift;
      more = (data[at++] & 128U) != 0;
    }
    if (more || at > data.size()) break;
    if ((header >> 3U & 15U) == kSequenceHeader) return av1_sequence_size(data.subspan(at));
    at += length;
  }
  return std::nullopt;
}

}  // namespace

std::vector<HeifSize> coded_sizes(const HeifItem& item) {
  if (item.type == "hvc1") return hevc_sizes(item.configuration);
  if (item.type != "av01") return {};
  const std::optional<HeifSize> size = av1_size(item.beginning);
  return size ? std::vector{*size} : std::vector<HeifSize>{};
}

}  // namespace da3::codec
