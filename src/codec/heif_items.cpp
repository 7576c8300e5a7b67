// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include <codec/heif_items.hpp>

namespace da3::codec {
namespace {

/// Big-endian fields, one after another. Throws: Error kImageCorrupt past the end.
class Fields {
 public:
  Fields(const EncodedPicture& picture, std::span<const std::uint8_t> bytes)
      : picture_(&picture), bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }

  std::span<const std::uint8_t> take(std::uint64_t length) {
    if (length > bytes_.size()) throw_corrupt(*picture_, kHeifName, "a box is shorter than what is in it");
    const std::span<const std::uint8_t> field = bytes_.first(static_cast<std::size_t>(length));
    bytes_ = bytes_.subspan(field.size());
    return field;
  }

  std::uint64_t number(std::size_t length) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(length)) value = value << 8U | byte;
    return value;
  }

  std::uint32_t id(std::size_t length) { return static_cast<std::uint32_t>(number(length)); }

  std::string text(std::size_t length) {
    const std::span<const std::uint8_t> field = take(length);
    return {field.begin(), field.end()};
  }

  Fields part(std::uint64_t length) { return {*picture_, take(length)}; }

 private:
  const EncodedPicture* picture_;
  std::span<const std::uint8_t> bytes_;
};

struct Box {
  std::string type;
  Fields content;
};

Box next_box(Fields& fields) {
  constexpr std::uint64_t kShortHeader = 8;
  constexpr std::uint64_t kLongHeader = 16;
  const std::uint64_t available = fields.size();
  std::uint64_t length = fields.number(4);
  const std::string type = fields.text(4);
  const std::uint64_t header = length == 1 ? kLongHeader : kShortHeader;
  if (length == 1) length = fields.number(8);
  if (length == 0) length = available;  // To the end of what holds it
  // Too long for what holds it where the subtraction wraps around
  return {type, fields.part(length - header)};
}

/// The first box of `type`.
std::optional<Fields> child(Fields fields, std::string_view type) {
  while (!fields.empty()) {
    Box box = next_box(fields);
    if (box.type == type) return box.content;
  }
  return std::nullopt;
}

struct Version {
  std::uint64_t number;
  bool lowest_flag;
};

Version version_of(Fields& box) {
  const std::uint64_t number = box.number(1);
  return {number, (box.number(3) & 1U) != 0};
}

Fields meta_of(const EncodedPicture& picture) {
  Fields file(picture, picture.bytes);
  std::optional<Fields> meta;
  constexpr std::size_t kShortestBox = 8;  // Less is what a transfer added
  while (file.size() >= kShortestBox) {
    Box box = next_box(file);
    if (box.type != "meta") continue;
    if (meta) throw_corrupt(picture, kHeifName, "two meta boxes");
    meta = box.content;
  }
  if (!meta) throw_corrupt(picture, kHeifName, "no meta box");
  version_of(*meta);
  return *meta;
}

void read_types(Fields iinf, HeifItems& table) {
  const Version version = version_of(iinf);
  const std::uint64_t count = iinf.number(version.number == 0 ? 2 : 4);
  for (std::uint64_t k = 0; k < count && !iinf.empty(); ++k) {
    Box box = next_box(iinf);
    if (box.type != "infe") continue;
    const Version entry = version_of(box.content);
    const std::uint32_t id = box.content.id(entry.number < 3 ? 2 : 4);
    box.content.take(2);  // Its protection
    table.items.emplace(id, HeifItem{.type = entry.number < 2 ? "" : box.content.text(4)});
  }
}

void read_property(Box property, HeifItem& item) {
  if (property.type == "ispe") {
    version_of(property.content);
    item.stored.width = property.content.number(4);
    item.stored.height = property.content.number(4);
    item.turned = item.stored;
  } else if (property.type == "irot") {
    const bool is_quarter = (property.content.number(1) & 1U) != 0;
    if (is_quarter) std::swap(item.turned.width, item.turned.height);
  } else if (property.type == "hvcC") {
    if (item.configuration.empty()) item.configuration = property.content.take(property.content.size());
  } else if (property.type == "clap") {
    item.is_cropped = true;
  } else if (property.type == "auxC") {
    constexpr std::array<std::string_view, 3> kAlpha{"urn:mpeg:avc:2015:auxid:1",
                                                     "urn:mpeg:hevc:2015:auxid:1",
                                                     "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"};
    version_of(property.content);
    const std::string name = property.content.text(property.content.size());
    const auto is_name = [&](std::string_view known) { return name.c_str() == known; };
    item.is_alpha = std::any_of(kAlpha.begin(), kAlpha.end(), is_name);
  }
}

void read_properties(Fields iprp, HeifItems& table) {
  std::vector<Box> properties;
  if (std::optional<Fields> all = child(iprp, "ipco")) {
    while (!all->empty()) properties.push_back(next_box(*all));
  }
  std::set<std::uint32_t> known;  // Of two entries for one item libheif takes the first
  while (!iprp.empty()) {
    Box box = next_box(iprp);
    if (box.type != "ipma") continue;
    const Version version = version_of(box.content);
    const std::uint64_t count = box.content.number(4);
    for (std::uint64_t k = 0; k < count && !box.content.empty(); ++k) {
      const std::uint32_t id = box.content.id(version.number < 1 ? 2 : 4);
      const auto item = table.items.find(id);
      const bool is_first = known.insert(id).second;
      const std::uint64_t associations = box.content.number(1);
      for (std::uint64_t n = 0; n < associations; ++n) {
        const std::uint64_t field = box.content.number(version.lowest_flag ? 2 : 1);
        const std::uint64_t index = field & (version.lowest_flag ? 0x7FFFU : 0x7FU);
        if (item == table.items.end() || !is_first || index == 0 || index > properties.size()) continue;
        read_property(properties[index - 1], item->second);
      }
    }
  }
}

void read_references(const EncodedPicture& picture, Fields iref, HeifItems& table) {
  const std::size_t id_bytes = version_of(iref).number == 0 ? 2 : 4;
  while (!iref.empty()) {
    Box box = next_box(iref);
    const std::uint32_t from = box.content.id(id_bytes);
    const std::uint64_t count = box.content.number(2);
    std::vector<std::uint32_t> to;
    for (std::uint64_t k = 0; k < count; ++k) to.push_back(box.content.id(id_bytes));
    // libheif goes on behind the last number, not behind the box
    if (!box.content.empty()) throw_corrupt(picture, kHeifName, "a reference is shorter than its box");
    const auto item = table.items.find(from);
    if (item == table.items.end()) continue;
    if (box.type == "dimg") {
      if (item->second.inputs.empty()) item->second.inputs = std::move(to);
      continue;
    }
    if (box.type != "auxl" || !item->second.is_alpha) continue;
    for (const std::uint32_t id : to) {
      const auto master = table.items.find(id);
      if (master != table.items.end()) master->second.alphas.push_back(from);
    }
  }
}

bool is_looked_into(const HeifItem& item) {
  return item.type == "grid" || item.type == "av01";
}

void read_beginnings(const EncodedPicture& picture, Fields iloc, std::span<const std::uint8_t> idat,
                     HeifItems& table) {
  constexpr std::size_t kLongest = 64;
  const std::uint64_t version = version_of(iloc).number;
  const std::uint64_t sizes = iloc.number(2);
  const auto offset_bytes = static_cast<std::size_t>(sizes >> 12U & 15U);
  const auto length_bytes = static_cast<std::size_t>(sizes >> 8U & 15U);
  const auto base_bytes = static_cast<std::size_t>(sizes >> 4U & 15U);
  const auto index_bytes = static_cast<std::size_t>(version == 0 ? 0 : sizes & 15U);
  for (const std::size_t bytes : {offset_bytes, length_bytes, base_bytes, index_bytes}) {
    if (bytes != 0 && bytes != 4 && bytes != 8) throw_corrupt(picture, kHeifName, "places of unknown width");
  }
  std::set<std::uint32_t> known;
  const std::uint64_t count = iloc.number(version < 2 ? 2 : 4);
  for (std::uint64_t k = 0; k < count; ++k) {
    const std::uint32_t id = iloc.id(version < 2 ? 2 : 4);
    const bool is_in_file = version == 0 || (iloc.number(2) & 15U) == 0;
    iloc.take(2);  // Of other files
    const std::uint64_t base = iloc.number(base_bytes);
    const std::uint64_t extents = iloc.number(2);
    const auto item = table.items.find(id);
    const bool is_first = known.insert(id).second;
    for (std::uint64_t n = 0; n < extents; ++n) {
      iloc.take(index_bytes);
      const std::uint64_t offset = iloc.number(offset_bytes);
      const std::uint64_t length = iloc.number(length_bytes);
      if (item == table.items.end() || !is_first || !is_looked_into(item->second)) continue;
      Fields place(picture, is_in_file ? picture.bytes : idat);
      place.take(base);
      place.take(offset);
      std::vector<std::uint8_t>& beginning = item->second.beginning;
      const auto bytes = place.take(std::min<std::uint64_t>(length, kLongest - beginning.size()));
      beginning.insert(beginning.end(), bytes.begin(), bytes.end());
    }
  }
}

}  // namespace

HeifItems read_heif_items(const EncodedPicture& picture) {
  const Fields meta = meta_of(picture);
  HeifItems table;
  if (std::optional<Fields> pitm = child(meta, "pitm")) {
    const Version version = version_of(*pitm);
    table.primary = pitm->id(version.number == 0 ? 2 : 4);
  }
  if (const auto iinf = child(meta, "iinf")) read_types(*iinf, table);
  if (const auto iprp = child(meta, "iprp")) read_properties(*iprp, table);
  if (const auto iref = child(meta, "iref")) read_references(picture, *iref, table);
  std::optional<Fields> idat = child(meta, "idat");
  const auto idat_bytes = idat ? idat->take(idat->size()) : std::span<const std::uint8_t>();
  if (const auto iloc = child(meta, "iloc")) read_beginnings(picture, *iloc, idat_bytes, table);
  return table;
}

}  // namespace da3::codec
