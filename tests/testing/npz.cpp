// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include <testing/npz.hpp>

namespace da3::testing {
namespace {

using Bytes = std::span<const std::uint8_t>;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("npz: " + what);
}

template <typename T>
T little_endian(Bytes data, std::size_t at) {
  static_assert(std::endian::native == std::endian::little);
  if (at + sizeof(T) > data.size()) fail("truncated");
  T value;
  std::memcpy(&value, data.data() + at, sizeof(T));
  return value;
}

// RFC 1951, written for clearness: tests should not need a compression library.
class Inflater {
 public:
  explicit Inflater(Bytes data) : data_(data) {}

  std::vector<std::uint8_t> run() {
    bool last = false;
    while (!last) {
      last = bits(1) != 0;
      switch (bits(2)) {
        case 0:
          stored();
          break;
        case 1:
          coded(fixed_lengths(), Code(std::vector<std::uint8_t>(30, 5)));
          break;
        case 2:
          dynamic();
          break;
        default:
          fail("bad block");
      }
    }
    return std::move(out_);
  }

 private:
  // Canonical Huffman code, decoded bit by bit.
  struct Code {
    explicit Code(const std::vector<std::uint8_t>& lengths) {
      for (const std::uint8_t length : lengths) ++count[length];
      count[0] = 0;
      std::array<std::uint16_t, 16> start{};
      for (int i = 1; i < 15; ++i) start[i + 1] = static_cast<std::uint16_t>(start[i] + count[i]);
      symbols.resize(lengths.size());
      for (std::size_t i = 0; i < lengths.size(); ++i) {
        if (lengths[i] != 0) symbols[start[lengths[i]]++] = static_cast<std::uint16_t>(i);
      }
    }
    std::array<std::uint16_t, 16> count{};
    std::vector<std::uint16_t> symbols;
  };

  static Code fixed_lengths() {
    std::vector<std::uint8_t> lengths(288, 8);
    for (int i = 144; i < 256; ++i) lengths[i] = 9;
    for (int i = 256; i < 280; ++i) lengths[i] = 7;
    return Code(lengths);
  }

  unsigned bits(int number) {
    unsigned value = 0;
    for (int i = 0; i < number; ++i, ++position_) {
      if (position_ / 8 >= data_.size()) fail("truncated");
      value |= ((data_[position_ / 8] >> (position_ % 8)) & 1U) << i;
    }
    return value;
  }

  unsigned symbol(const Code& code) {
    int value = 0;
    int first = 0;
    int index = 0;
    for (int length = 1; length <= 15; ++length) {
      value |= static_cast<int>(bits(1));
      if (value - first < code.count[length]) return code.symbols[index + value - first];
      index += code.count[length];
      first = (first + code.count[length]) << 1;
      value <<= 1;
    }
    fail("bad code");
  }

  void stored() {
    const std::size_t at = (position_ + 7) / 8;
    const std::size_t size = little_endian<std::uint16_t>(data_, at);
    if (at + 4 + size > data_.size()) fail("truncated");
    out_.insert(out_.end(), data_.begin() + at + 4, data_.begin() + at + 4 + size);
    position_ = (at + 4 + size) * 8;
  }

  void dynamic() {
    constexpr std::array<int, 19> kOrder{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const unsigned literals = bits(5) + 257;
    const unsigned distances = bits(5) + 1;
    const unsigned used = bits(4) + 4;
    std::vector<std::uint8_t> lengths(19, 0);
    for (unsigned i = 0; i < used; ++i) lengths[kOrder[i]] = static_cast<std::uint8_t>(bits(3));
    const Code code(lengths);
    lengths.clear();
    while (lengths.size() < literals + distances) {
      const unsigned each = symbol(code);
      if (each < 16) {
        lengths.push_back(static_cast<std::uint8_t>(each));
        continue;
      }
      if (each == 16 && lengths.empty()) fail("bad lengths");
      const std::uint8_t repeated = each == 16 ? lengths.back() : std::uint8_t{0};
      lengths.insert(lengths.end(),
                     each == 16   ? bits(2) + 3
                     : each == 17 ? bits(3) + 3
                                  : bits(7) + 11,
                     repeated);
    }
    const auto middle = lengths.begin() + literals;
    coded(Code({lengths.begin(), middle}), Code({middle, middle + distances}));
  }

  void coded(const Code& literals, const Code& distances) {
    constexpr std::array<std::uint16_t, 29> kLength{3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                    15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                    67, 83, 99, 115, 131, 163, 195, 227, 258};
    constexpr std::array<std::uint8_t, 29> kLengthBits{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                       2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    unsigned each = 0;
    while ((each = symbol(literals)) != 256) {
      if (each < 256) {
        out_.push_back(static_cast<std::uint8_t>(each));
        continue;
      }
      const std::size_t length = kLength.at(each - 257) + bits(kLengthBits[each - 257]);
      const unsigned step = symbol(distances);
      const int extra = step < 4 ? 0 : static_cast<int>(step / 2 - 1);
      const std::size_t base = step < 4 ? step + 1 : ((2U + step % 2) << extra) + 1;
      const std::size_t distance = base + bits(extra);
      if (distance > out_.size()) fail("bad distance");
      for (std::size_t i = 0; i < length; ++i) out_.push_back(out_[out_.size() - distance]);
    }
  }

  Bytes data_;
  std::size_t position_ = 0;  // in bits
  std::vector<std::uint8_t> out_;
};

std::string field(const std::string& header, const std::string& name) {
  const std::size_t at = header.find("'" + name + "':");
  if (at == std::string::npos) fail("npy header without " + name);
  return header.substr(at + name.size() + 3);
}

std::optional<Array> parse_npy(Bytes data) {
  if (data.size() < 10 || std::memcmp(data.data(), "\x93NUMPY", 6) != 0) fail("not an npy record");
  const bool old = data[6] == 1;
  const std::size_t start = old ? 10 : 12;
  const std::size_t size =
      old ? little_endian<std::uint16_t>(data, 8) : little_endian<std::uint32_t>(data, 8);
  const std::string header(data.begin() + start, data.begin() + start + size);
  Array array;
  const std::string type = field(header, "descr");
  array.type = type.substr(type.find('\'') + 1, 3);
  if (array.type != "<f4" && array.type != "|u1") return std::nullopt;
  if (field(header, "fortran_order").find("False") > 1) fail("not in C order");
  const std::string shape = field(header, "shape");
  std::int64_t count = 1;
  for (std::size_t i = shape.find('(') + 1; shape[i] != ')'; ++i) {
    if (shape[i] < '0' || shape[i] > '9') continue;
    std::size_t digits = 0;
    array.shape.push_back(std::stoll(shape.substr(i), &digits));
    count *= array.shape.back();
    i += digits - 1;
  }
  const Bytes values = data.subspan(start + size);
  if (array.type == "|u1") {
    array.bytes.assign(values.begin(), values.end());
  } else {
    array.floats.resize(values.size() / sizeof(float));
    std::memcpy(array.floats.data(), values.data(), array.floats.size() * sizeof(float));
  }
  if (static_cast<std::int64_t>(array.floats.size() + array.bytes.size()) != count) fail("wrong size");
  return array;
}

}  // namespace

std::map<std::string, Array> read_npz(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("cannot open " + path.string());
  const std::vector<std::uint8_t> content{std::istreambuf_iterator<char>(file), {}};
  const Bytes data(content);
  std::size_t end = data.size() < 22 ? 0 : data.size() - 22;
  while (end > 0 && little_endian<std::uint32_t>(data, end) != 0x06054b50) --end;
  const std::size_t entries = little_endian<std::uint16_t>(data, end + 10);
  std::size_t at = little_endian<std::uint32_t>(data, end + 16);
  std::map<std::string, Array> arrays;
  for (std::size_t i = 0; i < entries; ++i) {
    if (little_endian<std::uint32_t>(data, at) != 0x02014b50) fail("bad directory in " + path.string());
    const auto method = little_endian<std::uint16_t>(data, at + 10);
    const std::size_t size = little_endian<std::uint32_t>(data, at + 20);
    const std::size_t name_size = little_endian<std::uint16_t>(data, at + 28);
    const std::size_t local = little_endian<std::uint32_t>(data, at + 42);
    const std::string name(data.begin() + at + 46, data.begin() + at + 46 + name_size);
    at += 46 + name_size + little_endian<std::uint16_t>(data, at + 30) +
          little_endian<std::uint16_t>(data, at + 32);
    const std::size_t start = local + 30 + little_endian<std::uint16_t>(data, local + 26) +
                              little_endian<std::uint16_t>(data, local + 28);
    if (start + size > data.size()) fail("truncated " + path.string());
    const Bytes record = data.subspan(start, size);
    if (method != 0 && method != 8) fail("unknown compression");
    std::optional<Array> array = method == 0 ? parse_npy(record) : parse_npy(Inflater(record).run());
    if (array) arrays.emplace(name.substr(0, name.rfind(".npy")), std::move(*array));
  }
  return arrays;
}

}  // namespace da3::testing
