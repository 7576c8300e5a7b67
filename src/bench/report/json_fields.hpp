// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <optional>

#include <nlohmann/json.hpp>

#include <bench/plan/fields.hpp>

namespace da3::bench {

/// Keeps the order in which members were added, so that reports read as they were made.
using Json = nlohmann::ordered_json;

/// `value`, or null if it is not finite.
inline Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

template <typename Value>
Json value_or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json to_json(const Fields& fields);

/// Members that are neither text, number nor truth value are left out.
Fields to_fields(const Json& object);

}  // namespace da3::bench
