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

/// The suites that run by default (all but soak) of which a report has no case that is done. A report that
/// does not keep the schema has none.
std::vector<std::string> suites_without_done_case(const nlohmann::json& report);

}  // namespace da3::bench
