// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <da3/error.hpp>

namespace da3::core {

template <typename Enum, std::size_t N>
using NameTable = std::array<std::pair<Enum, std::string_view>, N>;

/// The name of `value` in a table that holds every value.
template <typename Enum, std::size_t N>
std::string_view name_of(const NameTable<Enum, N>& table, Enum value) {
  for (const auto& [each, name] : table) {
    if (each == value) return name;
  }
  throw Error(ErrorCode::kInternal, "a value without a name; please report this as a bug");
}

/// The value called `text`. Throws: Error kUsage that lists the names.
template <typename Enum, std::size_t N>
Enum value_of(const NameTable<Enum, N>& table, std::string_view what, std::string_view text) {
  std::string names;
  for (const auto& [each, name] : table) {
    if (name == text) return each;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(ErrorCode::kUsage,
              "no " + std::string(what) + " is called '" + std::string(text) + "'; choose one of " + names);
}

}  // namespace da3::core
