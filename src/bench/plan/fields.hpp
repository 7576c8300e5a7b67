// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace da3::bench {

using FieldValue = std::variant<std::string, std::int64_t, double, bool>;

/// Named values in the order in which they were set: the settings of a case, or facts found while it ran.
class Fields {
 public:
  Fields() = default;
  Fields(std::initializer_list<std::pair<std::string, FieldValue>> values);

  void set(std::string_view name, FieldValue value);
  void erase(std::string_view name);
  /// None: null.
  const FieldValue* find(std::string_view name) const;
  /// The text called `name`, or `missing`.
  std::string text(std::string_view name, std::string_view missing = "") const;
  /// The whole number called `name`, or `missing`.
  std::int64_t number(std::string_view name, std::int64_t missing = 0) const;

  bool empty() const { return values_.empty(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  /// Same names with the same values, whatever their order.
  bool same_as(const Fields& other) const;

 private:
  std::vector<std::pair<std::string, FieldValue>> values_;
};

/// `value` as people read it: "sdpa", "4", "0.85", "yes".
std::string to_text(const FieldValue& value);

/// "model=da3-small batch=4": every field but those in `without`.
std::string to_text(const Fields& fields, const std::vector<std::string>& without = {});

}  // namespace da3::bench
