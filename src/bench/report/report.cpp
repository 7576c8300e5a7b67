// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <variant>

#include <bench/report/report.hpp>
#include <core/names.hpp>

namespace da3::bench {
namespace {

constexpr core::NameTable<CaseStatus, 3> kStatusNames{
    {{CaseStatus::kDone, "done"}, {CaseStatus::kSkipped, "skipped"}, {CaseStatus::kFailed, "failed"}}};

/// "--model=/home/me/x.pt,/tmp/y.pt" becomes "--model=x.pt,y.pt".
std::string without_folder(const std::string& text) {
  std::string result;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find_first_of(",=", begin), text.size());
    std::string word = text.substr(begin, end - begin);
    if (word.starts_with('/')) {
      while (word.size() > 1 && word.ends_with('/')) word.pop_back();
      word = word.substr(word.rfind('/') + 1);
    }
    result += word;
    if (end < text.size()) result += text[end];
    begin = end + 1;
  }
  return result;
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

std::optional<std::int64_t> seconds_apart(const std::string& date, const std::string& other) {
  const auto seconds = [](const std::string& text) -> std::optional<std::int64_t> {
    std::tm time{};
    if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time) == nullptr) return std::nullopt;
    return ::timegm(&time);
  };
  const auto first = seconds(date);
  const auto second = seconds(other);
  if (!first || !second) return std::nullopt;
  return *first > *second ? *first - *second : *second - *first;
}

}  // namespace da3::bench
