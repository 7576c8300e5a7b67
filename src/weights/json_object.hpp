// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

// Private to the module: typed reading of JSON objects, every error an Error kModelContract that names the
// field.
namespace da3::weights {

/// Throws: Error kModelContract "SUBJECT: WHAT; WHAT TO TRY".
[[noreturn]] void contract_error(const std::string& subject, const std::string& what);

/// `text` parsed. Throws: Error kModelContract.
nlohmann::json parse_json(std::string_view text, const std::string& subject);

/// The text of a small file. Throws: Error kModelNotFound, kModelDamaged.
std::string read_text(const std::filesystem::path& path);

/// An object of a JSON document, with the place it stands at for messages. Lifetime: the document's.
class JsonObject {
 public:
  /// Throws: Error kModelContract if `value` is no object. `place` is empty for the document itself.
  JsonObject(const nlohmann::json& value, std::string subject, std::string place = "");

  /// True if the field is there and not null.
  bool has(const char* key) const;
  /// The field. Throws: Error kModelContract if it is missing.
  const nlohmann::json& at(const char* key) const;
  JsonObject object(const char* key) const;
  std::string text(const char* key) const;
  bool boolean(const char* key) const;
  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high) const;
  std::uint64_t unsigned_integer(const char* key) const;
  double number(const char* key) const;  ///< Finite
  std::vector<double> numbers(const char* key, std::size_t count) const;
  std::vector<int> integers(const char* key, std::size_t count, int low, int high) const;
  std::vector<std::string> texts(const char* key) const;

  int integer_or(const char* key, int fallback, int low = std::numeric_limits<int>::min()) const;
  bool boolean_or(const char* key, bool fallback) const;
  std::string text_or(const char* key, std::string fallback) const;

  /// Throws: Error kModelContract that names the first field not in `known`.
  void allow_only(std::initializer_list<std::string_view> known) const;

  /// Throws: Error kModelContract "field 'PLACE.KEY': WHAT".
  [[noreturn]] void fail(const char* key, const std::string& what) const;

 private:
  const nlohmann::json& value_;
  std::string subject_;
  std::string place_;
};

}  // namespace da3::weights
