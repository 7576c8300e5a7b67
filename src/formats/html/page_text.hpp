// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace da3::formats {

/// `page` with each {{name}} replaced by its text.
std::vector<std::uint8_t> fill_page(
    std::string_view page, std::initializer_list<std::pair<std::string_view, std::string_view>> texts);

/// JSON that may stand in a script element: no `<` ends it.
std::string json_for_page(const nlohmann::ordered_json& json);

}  // namespace da3::formats
