// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <codec/heif_coded_size.hpp>
#include <codec/heif_items.hpp>

#include <core/text.hpp>

namespace da3::codec {
namespace {

std::string text_of(const HeifSize& size) {
  return core::size_text(size.height, size.width);
}

/// Follows what decoding an item decodes.
class Walk {
 public:
  Walk(const EncodedPicture& picture, const HeifItems& table) : picture_(picture), table_(table) {}

  enum class Place { kFree, kInGrid };

  void visit(std::uint32_t id, Place place) {
    // An identity of a grid with alpha is four deep; 65,536 tiles with alpha are the most that a grid has.
    constexpr std::size_t kDeepest = 8;
    constexpr int kMostVisits = 1 << 18;
    if (std::find(path_.begin(), path_.end(), id) != path_.end()) {
      throw_corrupt(picture_, kHeifName, "item " + std::to_string(id) + " is made of itself");
    }
    if (path_.size() == kDeepest || ++visits_ > kMostVisits) {
      throw_unsupported(picture_, "too many items are made of each other", kHeifConvert);
    }
    const auto found = table_.items.find(id);
    if (found == table_.items.end()) return;  // libheif says so
    const HeifItem& item = found->second;
    require_sizes(item, place);
    path_.push_back(id);
    if (item.type == "iovl") {
      throw_unsupported(picture_, "it is made of pictures laid over each other (iovl)", kHeifConvert);
    }
    if (item.type == "grid") require_grid(item);
    if (item.type == "grid" || item.type == "iden") {
      visit_all(item.inputs, item.type == "grid" ? Place::kInGrid : place);
      if (place == Place::kInGrid)
        throw_unsupported(picture_, "its tiles are made of other pictures", kHeifConvert);
    }
    visit_all(item.alphas, place);
    path_.pop_back();
  }

 private:
  void visit_all(const std::vector<std::uint32_t>& ids, Place place) {
    for (const std::uint32_t id : ids) visit(id, place);
  }

  /// A part may be larger than the picture that is made of it, and its data than its property says.
  void require_sizes(const HeifItem& item, Place place) const {
    if (item.stored != HeifSize{}) checked_size(picture_, kHeifName, item.stored.height, item.stored.width);
    const std::vector<HeifSize> coded = coded_sizes(item);
    for (const HeifSize& size : coded) checked_size(picture_, kHeifName, size.height, size.width);
    // The decoder itself tells the size of a picture that is no tile.
    if (place == Place::kFree || coded.empty()) return;
    if (std::find(coded.begin(), coded.end(), item.stored) == coded.end()) {
      throw_corrupt(
          picture_, kHeifName,
          "a tile of " + text_of(item.stored) + " pixels is coded as one of " + text_of(coded.front()));
    }
  }

  void require_grid(const HeifItem& grid) const {
    constexpr std::size_t kShort = 8;
    constexpr std::size_t kLong = 12;
    const auto& record = grid.beginning;
    if (record.size() < kShort || ((record[1] & 1U) != 0 && record.size() < kLong)) {
      throw_corrupt(picture_, kHeifName, "the record of its grid is cut");
    }
    const std::size_t side_bytes = (record[1] & 1U) != 0 ? 4 : 2;
    const auto side_at = [&](std::size_t at) {
      std::uint64_t value = 0;
      for (std::size_t k = 0; k < side_bytes; ++k) value = value << 8U | record[at + k];
      return value;
    };
    const HeifSize whole{.width = side_at(4), .height = side_at(4 + side_bytes)};
    if (whole != grid.stored) {
      throw_corrupt(picture_, kHeifName,
                    "its grid is of " + text_of(whole) + " pixels, the picture of " + text_of(grid.stored));
    }
    const std::uint64_t rows = record[2] + std::uint64_t{1};
    const std::uint64_t columns = record[3] + std::uint64_t{1};
    require_tiles(grid, rows, columns);
  }

  void require_tiles(const HeifItem& grid, std::uint64_t rows, std::uint64_t columns) const {
    const std::string layout = std::to_string(rows) + " x " + std::to_string(columns) + " tiles";
    if (grid.inputs.size() != rows * columns) {
      throw_corrupt(picture_, kHeifName,
                    std::to_string(grid.inputs.size()) + " of the " + layout + " of its grid are there");
    }
    const HeifSize tile = tile_size(grid.inputs.front());
    for (const std::uint32_t id : grid.inputs) {
      if (tile_size(id) != tile) throw_corrupt(picture_, kHeifName, "the tiles of its grid differ in size");
    }
    const HeifSize whole = grid.stored;
    const auto fit = [](std::uint64_t count, std::uint64_t side, std::uint64_t all) {
      return count * side >= all && (count - 1) * side < all;
    };
    if (!fit(columns, tile.width, whole.width) || !fit(rows, tile.height, whole.height)) {
      throw_corrupt(
          picture_, kHeifName,
          layout + " of " + text_of(tile) + " pixels are not those of a picture of " + text_of(whole));
    }
  }

  HeifSize tile_size(std::uint32_t id) const {
    const auto tile = table_.items.find(id);
    if (tile == table_.items.end()) throw_corrupt(picture_, kHeifName, "a tile of its grid is not there");
    if (tile->second.is_cropped)
      throw_unsupported(picture_, "the tiles of its grid are cropped", kHeifConvert);
    return tile->second.turned;
  }

  const EncodedPicture& picture_;
  const HeifItems& table_;
  std::vector<std::uint32_t> path_{};
  int visits_ = 0;
};

}  // namespace

void require_decodable(const EncodedPicture& picture, const HeifItems& items) {
  Walk(picture, items).visit(items.primary, Walk::Place::kFree);
}

}  // namespace da3::codec
