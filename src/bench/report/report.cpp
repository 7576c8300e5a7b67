// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <variant>

#include <bench/report/report.hpp>
#include <core/names.hpp>

namespace da3::bench {
namespace {

constexpr core::NameTable<CaseStatus, 3> kStatusNames{
    {{CaseStatus::kDone, "done"}, {CaseStatus::kSkipped, "skipped"}, {CaseStatus::kFailed, "failed"}}};

/// "/home/me/a.pt" -> "a.pt", "--charts=/tmp/x" -> "--charts=x"; other texts as they are.
std::string without_folder(const std::string& text) {
  const std::size_t slash = text.starts_with('/') ? 0 : text.find("=/") + 1;
  if (slash == 0 && !text.starts_with('/')) return text;
  std::string path = text.substr(slash);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return text.substr(0, slash) + path.substr(path.rfind('/') + 1);
}

Fields without_folders(const Fields& fields) {
  Fields kept;
  for (const auto& [name, value] : fields) {
    const auto* text = std::get_if<std::string>(&value);
    kept.set(name, text == nullptr ? value : FieldValue(without_folder(*text)));
  }
  return kept;
}

}  // namespace

Report without_folders(Report report) {
  for (std::string& word : report.environment.command_line) word = without_folder(word);
  report.plan.options = without_folders(report.plan.options);
  for (LeftOut& each : report.plan.left_out) each.settings = without_folders(each.settings);
  for (CaseResult& each : report.cases) each.settings = without_folders(each.settings);
  return report;
}

std::string_view to_string(CaseStatus status) {
  return core::name_of(kStatusNames, status);
}

const Metric* CaseResult::find(std::string_view metric) const {
  for (const Metric& each : metrics) {
    if (each.name == metric) return &each;
  }
  return nullptr;
}

const Distribution* CaseResult::distribution(std::string_view metric) const {
  const Metric* found = find(metric);
  return found == nullptr ? nullptr : std::get_if<Distribution>(&found->value);
}

std::optional<double> CaseResult::number(std::string_view metric) const {
  const Metric* found = find(metric);
  if (found == nullptr) return std::nullopt;
  if (const auto* real = std::get_if<double>(&found->value)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&found->value)) return static_cast<double>(*whole);
  if (const auto* samples = std::get_if<Distribution>(&found->value)) return samples->summary().median;
  return std::nullopt;
}

void CaseResult::set(std::string_view metric, MetricValue value) {
  for (Metric& each : metrics) {
    if (each.name == metric) {
      each.value = std::move(value);
      return;
    }
  }
  metrics.push_back({std::string(metric), std::move(value)});
}

}  // namespace da3::bench
