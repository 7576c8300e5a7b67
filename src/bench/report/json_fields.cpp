// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <bench/report/json_fields.hpp>
#include <core/json_reading.hpp>

namespace da3::bench {

Json to_json(const Fields& fields) {
  Json object = Json::object();
  for (const auto& [name, value] : fields) {
    if (const auto* real = std::get_if<double>(&value)) {
      object[name] = number_or_null(*real);
    } else {
      std::visit([&, &key = name](const auto& each) { object[key] = each; }, value);
    }
  }
  return object;
}

Fields to_fields(const Json& object) {
  Fields fields;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) fields.set(name, value.get<std::string>());
    const auto whole = core::whole_number<std::int64_t>(value);
    if (value.is_number_integer() && whole) {
      fields.set(name, *whole);
    } else if (value.is_number()) {
      fields.set(name, value.get<double>());
    }
    if (value.is_boolean()) fields.set(name, value.get<bool>());
  }
  return fields;
}

}  // namespace da3::bench
