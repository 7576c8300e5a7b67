// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bench/report/report.hpp>
#include <core/names.hpp>

namespace da3::bench {
namespace {

constexpr core::NameTable<CaseStatus, 3> kStatusNames{
    {{CaseStatus::kDone, "done"}, {CaseStatus::kSkipped, "skipped"}, {CaseStatus::kFailed, "failed"}}};

}  // namespace

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
