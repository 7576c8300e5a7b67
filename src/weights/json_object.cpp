// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>

#include <da3/error.hpp>

#include <core/json_reading.hpp>
#include <core/read_file.hpp>
#include <core/text_encoding.hpp>
#include <weights/json_object.hpp>

namespace da3::weights {

using nlohmann::json;

void contract_error(const std::string& subject, const std::string& what) {
  // What was found may be as long as the file.
  constexpr std::size_t kMostBytes = 500;
  throw Error(ErrorCode::kModelContract, subject + ": " + core::one_line(what, kMostBytes) +
                                             "; docs/model-format.md describes what is expected");
}

json parse_json(std::string_view text, const std::string& subject) {
  if (core::is_too_deep(text)) {
    contract_error(subject, "brackets deeper than " + std::to_string(core::kMostJsonDepth) + " levels");
  }
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    contract_error(subject, std::string("not valid JSON (") + error.what() + ")");
  }
}

std::string read_text(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    throw Error(ErrorCode::kModelNotFound, path.string() + ": no such file; check the path");
  }
  if (!std::filesystem::is_regular_file(status))
    throw Error(ErrorCode::kModelDamaged, path.string() + ": expected a regular file");
  return core::read_file(path, ErrorCode::kModelDamaged);
}

JsonObject::JsonObject(const json& value, std::string subject, std::string place)
    : value_(value), subject_(std::move(subject)), place_(std::move(place)) {
  if (!value_.is_object()) {
    contract_error(subject_, (place_.empty() ? "" : "field '" + place_ + "': ") +
                                 "expected a JSON object, found " + value_.type_name());
  }
}

void JsonObject::fail(const char* key, const std::string& what) const {
  contract_error(subject_, "field '" + (place_.empty() ? "" : place_ + ".") + key + "': " + what);
}

bool JsonObject::has(const char* key) const {
  const auto found = value_.find(key);
  return found != value_.end() && !found->is_null();
}

const json& JsonObject::at(const char* key) const {
  const auto found = value_.find(key);
  if (found == value_.end()) fail(key, "is missing");
  return *found;
}

JsonObject JsonObject::object(const char* key) const {
  return {at(key), subject_, place_.empty() ? key : place_ + "." + key};
}

std::string JsonObject::text(const char* key) const {
  const json& value = at(key);
  if (!value.is_string()) fail(key, "expected a text, found " + value.dump());
  return value.get<std::string>();
}

bool JsonObject::boolean(const char* key) const {
  const json& value = at(key);
  if (!value.is_boolean()) fail(key, "expected true or false, found " + value.dump());
  return value.get<bool>();
}

std::int64_t JsonObject::integer(const char* key, std::int64_t low, std::int64_t high) const {
  const json& value = at(key);
  const auto whole = core::whole_number<std::int64_t>(value);
  if (!value.is_number_integer() || !whole || *whole < low || *whole > high) {
    fail(key, "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
                  ", found " + value.dump());
  }
  return *whole;
}

std::uint64_t JsonObject::unsigned_integer(const char* key) const {
  const json& value = at(key);
  if (!value.is_number_unsigned()) fail(key, "expected a whole number from 0, found " + value.dump());
  return core::whole_number<std::uint64_t>(value).value();
}

double JsonObject::number(const char* key) const {
  const json& value = at(key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    fail(key, "expected a finite number, found " + value.dump());
  }
  return value.get<double>();
}

std::vector<double> JsonObject::numbers(const char* key, std::size_t count) const {
  const json& value = at(key);
  const bool good =
      value.is_array() && value.size() == count && std::ranges::all_of(value, [](const json& each) {
        return each.is_number() && std::isfinite(each.get<double>());
      });
  if (!good) fail(key, "expected " + std::to_string(count) + " finite numbers, found " + value.dump());
  return value.get<std::vector<double>>();
}

std::vector<int> JsonObject::integers(const char* key, std::size_t count, int low, int high) const {
  const json& value = at(key);
  const bool good =
      value.is_array() && value.size() == count && std::ranges::all_of(value, [&](const json& each) {
        return each.is_number_integer() && each.get<double>() >= low && each.get<double>() <= high;
      });
  if (!good) {
    fail(key, "expected " + std::to_string(count) + " whole numbers from " + std::to_string(low) + " to " +
                  std::to_string(high) + ", found " + value.dump());
  }
  return value.get<std::vector<int>>();
}

std::vector<std::string> JsonObject::texts(const char* key) const {
  const json& value = at(key);
  if (!value.is_array() || !std::ranges::all_of(value, [](const json& each) { return each.is_string(); })) {
    fail(key, "expected a list of texts, found " + value.dump());
  }
  return value.get<std::vector<std::string>>();
}

int JsonObject::integer_or(const char* key, int fallback, int low) const {
  return has(key) ? static_cast<int>(integer(key, low, std::numeric_limits<int>::max())) : fallback;
}

bool JsonObject::boolean_or(const char* key, bool fallback) const {
  return has(key) ? boolean(key) : fallback;
}

std::string JsonObject::text_or(const char* key, std::string fallback) const {
  return has(key) ? text(key) : std::move(fallback);
}

void JsonObject::allow_only(std::initializer_list<std::string_view> known) const {
  for (const auto& [key, value] : value_.items()) {
    if (std::ranges::find(known, key) == known.end())
      fail(key.c_str(), "is not known to this version of da3");
  }
}

}  // namespace da3::weights
