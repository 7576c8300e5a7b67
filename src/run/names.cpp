// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>

#include <codec/picture_format.hpp>

#include <run/names.hpp>

namespace da3::run {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

unsigned char fold(char c) {
  return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/// The run of digits at the start of `text`.
std::string_view digits_of(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  return text.substr(0, length);
}

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

constexpr std::array<std::string_view, 22> kUnsupported{
    "exr", "gif", "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2",
    "raf", "orf", "rw2", "raw", "pef", "srw", "x3f", "3fr", "iiq", "erf", "kdc"};

/// In lower case; empty without one.
std::string extension_of(std::string_view name) {
  const std::string_view stem = stem_of_name(name);
  if (stem.size() == name.size()) return {};
  std::string result(name.substr(stem.size() + 1));
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return static_cast<char>(fold(c)); });
  return result;
}

}  // namespace

std::strong_ordering natural_compare(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a;
  const std::string_view whole_b = b;
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view run_a = digits_of(a);
      const std::string_view run_b = digits_of(b);
      const std::string_view value_a = without_zeros(run_a);
      const std::string_view value_b = without_zeros(run_b);
      if (const auto order = value_a.size() <=> value_b.size(); order != 0) return order;
      if (const auto order = value_a <=> value_b; order != 0) return order;
      a.remove_prefix(run_a.size());
      b.remove_prefix(run_b.size());
      continue;
    }
    if (const auto order = fold(a.front()) <=> fold(b.front()); order != 0) return order;
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  if (const auto order = !a.empty() <=> !b.empty(); order != 0) return order;
  return whole_a <=> whole_b;
}

std::uint64_t stable_hash(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3U;
  }
  return hash;
}

bool yields_to_twin(std::string_view name) {
  const codec::PictureCodec* codec = codec::codec_of_extension(extension_of(name));
  return codec != nullptr && codec->yields_to_twin;
}

std::string_view stem_of_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 || dot + 1 == name.size() ? name : name.substr(0, dot);
}

NameKind kind_of_name(std::string_view name) {
  const std::string extension = extension_of(name);
  if (const codec::PictureCodec* codec = codec::codec_of_extension(extension)) {
    return codec->is_read() ? NameKind::kPicture : NameKind::kUnsupported;
  }
  const bool unsupported =
      std::find(kUnsupported.begin(), kUnsupported.end(), extension) != kUnsupported.end();
  return unsupported ? NameKind::kUnsupported : NameKind::kOther;
}

}  // namespace da3::run
