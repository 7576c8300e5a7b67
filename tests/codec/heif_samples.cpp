// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <string_view>

#include <codec/file_bytes.hpp>
#include <codec/heif_samples.hpp>

namespace da3::testing {
namespace {

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes text(std::string_view letters) {
  return {letters.begin(), letters.end()};
}

Bytes box(const std::string& type, const Bytes& content) {
  return big_endian(content.size() + 8, 4) + text(type) + content;
}

Bytes full_box(const std::string& type, const Bytes& content, std::uint32_t version_and_flags = 0) {
  return box(type, big_endian(version_and_flags, 4) + content);
}

Bytes item_entries(const std::vector<HeifPart>& parts) {
  constexpr std::uint32_t kVersion2 = 2U << 24U;
  Bytes entries = big_endian(parts.size(), 2);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    entries = entries +
              full_box("infe", big_endian(k + 1, 2) + Bytes(2) + text(parts[k].type) + Bytes(1), kVersion2);
  }
  return full_box("iinf", entries);
}

Bytes property_boxes(const std::vector<HeifPart>& parts) {
  Bytes boxes;
  Bytes associations = big_endian(parts.size(), 4);
  std::uint8_t count = 0;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    associations = associations + big_endian(k + 1, 2) + big_endian(parts[k].properties.size(), 1);
    for (const HeifBox& property : parts[k].properties) {
      boxes = boxes + box(property.type, property.content);
      associations.push_back(++count);
    }
  }
  return box("iprp", box("ipco", boxes) + full_box("ipma", associations));
}

Bytes reference_boxes(const std::vector<HeifReference>& references) {
  Bytes boxes;
  for (const HeifReference& reference : references) {
    Bytes content = big_endian(reference.from, 2) + big_endian(reference.to.size(), 2);
    for (const std::uint16_t id : reference.to) content = content + big_endian(id, 2);
    boxes = boxes + box(reference.type, content);
  }
  return full_box("iref", boxes);
}

Bytes places(const std::vector<HeifPart>& parts, std::size_t begin) {
  Bytes entries = big_endian(0x4400, 2) + big_endian(parts.size(), 2);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    entries = entries + big_endian(k + 1, 2) + Bytes(2) + big_endian(1, 2) + big_endian(begin, 4) +
              big_endian(parts[k].data.size(), 4);
    begin += parts[k].data.size();
  }
  return full_box("iloc", entries);
}

}  // namespace

Bytes big_endian(std::uint64_t value, std::size_t length) {
  Bytes bytes(length);
  for (std::size_t k = 0; k < length; ++k) bytes[length - 1 - k] = static_cast<std::uint8_t>(value >> 8 * k);
  return bytes;
}

HeifBox image_size(Size size) {
  return {"ispe", Bytes(4) + big_endian(static_cast<std::uint64_t>(size.width), 4) +
                      big_endian(static_cast<std::uint64_t>(size.height), 4)};
}

Bytes grid_record(int rows, int columns, Size size) {
  return Bytes{0, 0, static_cast<std::uint8_t>(rows - 1), static_cast<std::uint8_t>(columns - 1)} +
         big_endian(static_cast<std::uint64_t>(size.width), 2) +
         big_endian(static_cast<std::uint64_t>(size.height), 2);
}

HeifPart coded_part(const std::string& type) {
  const bool is_hevc = type == "hvc1";
  const Bytes file = codec::read_file(std::filesystem::path(DA3_TEST_DATA_DIR) / "heif" /
                                      (is_hevc ? "turned.heic" : "plain.avif"));
  const auto at = [&](std::size_t offset, std::size_t length) {
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(offset);
    return Bytes(begin, begin + static_cast<std::ptrdiff_t>(length));
  };
  if (is_hevc) {
    return {type, at(0x1C5, 0x4AD), {{"hvcC", at(211 + 8, 120 - 8)}, image_size({64, 96})}};
  }
  return {type, at(0x10E, 0x100), {{"av1C", at(191 + 8, 12 - 8)}, image_size({64, 96})}};
}

Bytes heif_file(const std::vector<HeifPart>& parts, const std::vector<HeifReference>& references) {
  const Bytes type = box("ftyp", text("heic") + Bytes(4) + text("mif1heicavif"));
  const Bytes handler = full_box("hdlr", Bytes(4) + text("pict") + Bytes(13));
  const Bytes primary = full_box("pitm", big_endian(parts.size(), 2));
  const auto meta = [&](std::size_t begin) {
    return full_box("meta", handler + primary + places(parts, begin) + item_entries(parts) +
                                property_boxes(parts) + reference_boxes(references));
  };
  Bytes data;
  for (const HeifPart& part : parts) data = data + part.data;
  const std::size_t begin = type.size() + meta(0).size() + 8;
  return type + meta(begin) + box("mdat", data);
}

}  // namespace da3::testing
