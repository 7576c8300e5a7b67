// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bench/compare/comparison_text.hpp>
#include <bench/report/json_fields.hpp>

namespace da3::bench {
namespace {

Json optional_number(const std::optional<double>& value) {
  return value ? number_or_null(*value) : Json(nullptr);
}

Json to_json(const ComparedMetric& metric) {
  const bool has_interval = metric.ratio && metric.ratio->ci95;
  return {{"metric", metric.name},
          {"statistic", metric.statistic.empty() ? Json(nullptr) : Json(metric.statistic)},
          {"base", optional_number(metric.base)},
          {"new", optional_number(metric.now)},
          {"ratio", metric.ratio ? number_or_null(metric.ratio->value) : Json(nullptr)},
          {"ci95", has_interval ? Json{number_or_null(metric.ratio->ci95->low),
                                       number_or_null(metric.ratio->ci95->high)}
                                : Json(nullptr)},
          {"verdict", verdict_text(metric.verdict, metric.name)},
          {"note", metric.note.empty() ? Json(nullptr) : Json(metric.note)},
          {"p_value", optional_number(metric.p_value)},
          {"failed", metric.failed}};
}

}  // namespace

std::string format_comparison_json(const Comparison& comparison) {
  Json cases = Json::array();
  for (const ComparedCase& each : comparison.cases) {
    Json metrics = Json::array();
    for (const ComparedMetric& metric : each.metrics) metrics.push_back(to_json(metric));
    cases.push_back({{"suite", to_string(each.suite)},
                     {"settings", bench::to_json(each.settings)},
                     {"metrics", metrics}});
  }
  const Json object{{"comparison", 1},
                    {"same_machine", comparison.same_machine},
                    {"in_turns", comparison.in_turns},
                    {"failed", comparison.failed()},
                    {"failures", comparison.failures},
                    {"only_in_base", comparison.only_in_base},
                    {"only_in_new", comparison.only_in_new},
                    {"failed_in_new", comparison.failed_in_new},
                    {"differing", comparison.differing},
                    {"not_judged", comparison.not_judged},
                    {"cases", cases}};
  return object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace da3::bench
