// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace da3::bench {

/// Where `value` breaks `schema`, a JSON Schema of which type, const, enum, required, properties,
/// additionalProperties, items, minimum and local $ref are understood. Empty: nowhere.
std::vector<std::string> schema_problems(const nlohmann::json& value, const nlohmann::json& schema);

}  // namespace da3::bench
