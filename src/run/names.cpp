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

constexpr std::array<std::string_view, 10> kPictures{"jpg", "jpeg", "png", "bmp", "webp",
                                                     "tif", "tiff", "pnm", "ppm", "pgm"};
constexpr std::array<std::string_view, 3> kHeif{"heic", "heif", "avif"};
constexpr std::array<std::string_view, 22> kUnsupported{
    "exr", "gif", "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2",
    "raf", "orf", "rw2", "raw", "pef", "srw", "x3f", "3fr", "iiq", "erf", "kdc"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string lower(std::string_view text) {
  std::string result(text);
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

bool is_heif_name(std::string_view name) {
  const std::string_view stem = stem_of_name(name);
  return stem.size() != name.size() && holds(kHeif, lower(name.substr(stem.size() + 1)));
}

std::string_view stem_of_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 || dot + 1 == name.size() ? name : name.substr(0, dot);
}

NameKind kind_of_name(std::string_view name) {
  const std::string_view stem = stem_of_name(name);
  if (stem.size() == name.size()) return NameKind::kOther;
  const std::string extension = lower(name.substr(stem.size() + 1));
  if (holds(kPictures, extension)) return NameKind::kPicture;
  if (holds(kHeif, extension)) return codec::reads_heif() ? NameKind::kPicture : NameKind::kUnsupported;
  return holds(kUnsupported, extension) ? NameKind::kUnsupported : NameKind::kOther;
}

}  // namespace da3::run
