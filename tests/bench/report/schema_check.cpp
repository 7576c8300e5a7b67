// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <bench/plan/plan.hpp>
#include <bench/report/schema_check.hpp>

namespace da3::bench {
namespace {

using Json = nlohmann::json;

bool has_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  return type == "null" && value.is_null();
}

class Checker {
 public:
  explicit Checker(const Json& root) : root_(root) {}

  void check(const Json& value, const Json& schema, const std::string& where) {
    if (schema.contains("$ref")) {
      const std::string target = schema.at("$ref").get<std::string>().substr(1);
      check(value, root_.at(Json::json_pointer(target)), where);
      return;
    }
    check_type(value, schema, where);
    if (schema.contains("const") && value != schema.at("const"))
      problem(where, "is not " + schema.at("const").dump());
    if (schema.contains("enum")) {
      const Json& allowed = schema.at("enum");
      if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
        problem(where, "is none of " + allowed.dump());
    }
    if (schema.contains("minimum") && value.is_number() &&
        value.get<double>() < schema.at("minimum").get<double>()) {
      problem(where, "is below " + schema.at("minimum").dump());
    }
    if (value.is_object()) check_members(value, schema, where);
    if (value.is_array() && schema.contains("items")) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        check(value[i], schema.at("items"), where + "[" + std::to_string(i) + "]");
      }
    }
  }

  std::vector<std::string> problems() const { return problems_; }

 private:
  void problem(const std::string& where, const std::string& what) { problems_.push_back(where + " " + what); }

  void check_type(const Json& value, const Json& schema, const std::string& where) {
    if (!schema.contains("type")) return;
    const Json& type = schema.at("type");
    const Json types = type.is_array() ? type : Json::array({type});
    const bool fits = std::any_of(types.begin(), types.end(),
                                  [&](const Json& each) { return has_type(value, each.get<std::string>()); });
    if (!fits) problem(where, "is " + value.dump().substr(0, 60) + ", not " + type.dump());
  }

  void check_members(const Json& value, const Json& schema, const std::string& where) {
    const Json none = Json::object();
    const Json& properties = schema.contains("properties") ? schema.at("properties") : none;
    for (const Json& name : schema.value("required", Json::array())) {
      if (!value.contains(name.get<std::string>())) problem(where, "lacks " + name.get<std::string>());
    }
    for (const auto& [name, member] : value.items()) {
      if (properties.contains(name)) {
        check(member, properties.at(name), where + "." + name);
      } else if (schema.contains("additionalProperties")) {
        check(member, schema.at("additionalProperties"), where + "." + name);
      }
    }
  }

  const Json& root_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> schema_problems(const Json& value, const Json& schema) {
  Checker checker(schema);
  checker.check(value, schema, "report");
  return checker.problems();
}

std::vector<std::string> suites_without_done_case(const Json& report) {
  std::vector<std::string> suites;
  for (const SuiteName suite : with_defaults({}).suites) suites.emplace_back(to_string(suite));
  for (const Json& each : report.value("cases", Json::array())) {
    if (each.value("status", "") == "done") std::erase(suites, each.value("suite", ""));
  }
  return suites;
}

}  // namespace da3::bench
