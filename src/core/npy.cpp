// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstring>
#include <limits>
#include <string_view>

#include <core/npy.hpp>

namespace da3 {
namespace {

/// What follows a member's name in the text of a Python dictionary without spaces.
std::string_view value_of(std::string_view header, std::string_view name) {
  const std::size_t at = header.find(name);
  if (at == std::string_view::npos)
    throw UnreadableNpy("its header has no " + std::string(name.substr(0, name.size() - 1)));
  return header.substr(at + name.size());
}

/// A number at the start of `text`, which is taken off it.
std::size_t take_number(std::string_view& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) throw UnreadableNpy("its shape makes no sense");
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// "(13,7)", "(12,)", "()".
std::vector<std::size_t> shape_of(std::string_view text) {
  std::vector<std::size_t> shape;
  if (!text.starts_with('(')) throw UnreadableNpy("its shape makes no sense");
  for (text.remove_prefix(1); !text.starts_with(')');) {
    shape.push_back(take_number(text));
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return shape;
}

/// "'<f4'": byte order, kind, bytes, or characters of UTF-32.
std::string type_of(std::string_view text) {
  const std::size_t end = text.find('\'', 1);
  const bool simple = text.starts_with('\'') && end != std::string_view::npos && end > 3 && end < 12 &&
                      text.find_first_not_of("0123456789", 3) == end;
  if (!simple) throw UnreadableNpy("its values are no numbers or texts");
  return std::string(text.substr(1, end - 1));
}

/// False if that is more than memory could hold.
bool multiply(std::size_t& product, std::size_t factor) {
  if (factor != 0 && product > std::numeric_limits<std::size_t>::max() / factor) return false;
  product *= factor;
  return true;
}

}  // namespace

NpyView parse_npy(std::span<const std::uint8_t> file) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  constexpr std::size_t kVersion = 6;
  constexpr std::size_t kLength = 8;
  if (file.size() <= kLength + 4 || std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0)
    throw UnreadableNpy("no npy array");
  // Version 1 has the header's length in two bytes, later ones in four.
  const std::size_t begin = kLength + (file[kVersion] == 1 ? 2 : 4);
  std::size_t length = 0;
  for (std::size_t i = begin; i-- > kLength;) length = length << 8U | file[i];
  if (length > file.size() - begin) throw UnreadableNpy("it ends within its header");
  std::string header(reinterpret_cast<const char*>(file.data()) + begin, length);
  std::erase_if(header, [](char each) { return each == ' ' || each == '\n'; });

  NpyView array;
  array.type = type_of(value_of(header, "'descr':"));
  if (!value_of(header, "'fortran_order':").starts_with("False"))
    throw UnreadableNpy("it is in Fortran order; save numpy.ascontiguousarray of it");
  array.shape = shape_of(value_of(header, "'shape':"));
  std::string_view digits = std::string_view(array.type).substr(2);
  array.value_bytes = (array.type[1] == 'U' ? 4 : 1) * take_number(digits);
  if (array.value_bytes == 0) throw UnreadableNpy("its values have no bytes");
  array.num_values = 1;
  std::size_t bytes = array.value_bytes;
  for (const std::size_t side : array.shape) {
    if (!multiply(array.num_values, side) || !multiply(bytes, side))
      throw UnreadableNpy("its shape makes no sense");
  }
  array.data = file.subspan(begin + length);
  return array;
}

}  // namespace da3
