// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <core/json_depth.hpp>

// JSON that others wrote. scripts/check holds that whole numbers are read here; is_too_deep is asked
// elsewhere only where an error says more.
namespace da3::core {

/// The value of a text; discarded where it is no JSON or nested deeper than kMostJsonDepth.
template <typename Json = nlohmann::json>
Json read_json(std::string_view text) {
  if (is_too_deep(text)) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

/// The same. Throws: Json::exception where read_json gives nothing.
template <typename Json = nlohmann::json>
Json parse_json(std::string_view text) {
  return Json::parse(is_too_deep(text) ? std::string_view("") : text);
}

/// The whole number that a value is, if `Integer` holds it; 2.0 is one. For others get<Integer>() gives what
/// is not defined (1e300) or another number (-1).
template <std::integral Integer, typename Json>
std::optional<Integer> whole_number(const Json& value) {
  using Limits = std::numeric_limits<Integer>;
  const auto in_range = [](auto number) {
    return std::in_range<Integer>(number) ? std::optional(static_cast<Integer>(number)) : std::nullopt;
  };
  if (value.is_number_unsigned()) return in_range(value.template get<typename Json::number_unsigned_t>());
  if (value.is_number_integer()) return in_range(value.template get<typename Json::number_integer_t>());
  if (!value.is_number_float()) return std::nullopt;
  const auto number = value.template get<double>();
  // Both bounds are powers of two, so exact; the largest integer itself need not be.
  const double past = std::ldexp(1.0, Limits::digits);
  const bool fits = number >= static_cast<double>(Limits::min()) && number < past;
  return fits && std::trunc(number) == number ? std::optional(static_cast<Integer>(number)) : std::nullopt;
}

}  // namespace da3::core
