// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>

#include <bench/plan/fields.hpp>

namespace da3::bench {

Fields::Fields(std::initializer_list<std::pair<std::string, FieldValue>> values) : values_(values) {}

void Fields::set(std::string_view name, FieldValue value) {
  for (auto& [each, old] : values_) {
    if (each == name) {
      old = std::move(value);
      return;
    }
  }
  values_.emplace_back(std::string(name), std::move(value));
}

void Fields::erase(std::string_view name) {
  std::erase_if(values_, [&](const auto& each) { return each.first == name; });
}

const FieldValue* Fields::find(std::string_view name) const {
  for (const auto& [each, value] : values_) {
    if (each == name) return &value;
  }
  return nullptr;
}

std::string Fields::text(std::string_view name, std::string_view missing) const {
  const FieldValue* value = find(name);
  return value == nullptr ? std::string(missing) : to_text(*value);
}

std::int64_t Fields::number(std::string_view name, std::int64_t missing) const {
  const FieldValue* value = find(name);
  const auto* number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return number == nullptr ? missing : *number;
}

bool Fields::same_as(const Fields& other) const {
  if (values_.size() != other.values_.size()) return false;
  return std::all_of(values_.begin(), values_.end(), [&](const auto& each) {
    const FieldValue* theirs = other.find(each.first);
    return theirs != nullptr && *theirs == each.second;
  });
}

std::string to_text(const FieldValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "yes" : "no";
  std::array<char, 40> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.4g", std::get<double>(value));
  return buffer.data();
}

std::string to_text(const Fields& fields, const std::vector<std::string>& without) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (std::find(without.begin(), without.end(), name) != without.end()) continue;
    text += (text.empty() ? "" : " ") + name + "=" + to_text(value);
  }
  return text;
}

}  // namespace da3::bench
