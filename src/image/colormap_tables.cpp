// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>

#include <core/nearest.hpp>
#include <image/colormap_names.hpp>
#include <image/colormap_tables.hpp>

namespace da3::image {
namespace {

#include <image/colormap_tables.inc>

constexpr Table grey_table() {
  Table table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint8_t>(i / 3);
  return table;
}
inline constexpr Table kGrey = grey_table();

enum class WarmEnd { kFirst, kLast };

struct Entry {
  std::string_view name;
  const Table* table;
  WarmEnd warm_end;
};
constexpr std::array kEntries{
    Entry{"spectral", &kSpectral, WarmEnd::kFirst}, Entry{"turbo", &kTurbo, WarmEnd::kLast},
    Entry{"viridis", &kViridis, WarmEnd::kLast},    Entry{"magma", &kMagma, WarmEnd::kLast},
    Entry{"inferno", &kInferno, WarmEnd::kLast},    Entry{"plasma", &kPlasma, WarmEnd::kLast},
    Entry{"cividis", &kCividis, WarmEnd::kLast},    Entry{"grey", &kGrey, WarmEnd::kLast},
};
static_assert(std::ranges::equal(kEntries, kColormapNames, {}, &Entry::name), "a name without colours");

}  // namespace

Table far_to_near_colours(std::string_view name) {
  const auto* const entry =
      std::find_if(kEntries.begin(), kEntries.end(), [&](const Entry& each) { return each.name == name; });
  if (entry == kEntries.end()) {
    core::refuse_choice(name, {kColormapNames.begin(), kColormapNames.end()});
  }
  Table table = *entry->table;
  if (entry->warm_end == WarmEnd::kFirst) {
    for (std::size_t i = 0; i < 128; ++i)
      std::swap_ranges(&table[3 * i], &table[3 * i] + 3, &table[3 * (255 - i)]);
  }
  return table;
}

}  // namespace da3::image
