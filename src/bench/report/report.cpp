// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <bench/report/report.hpp>
#include <core/names.hpp>

namespace da3::bench {
namespace {

constexpr core::NameTable<CaseStatus, 3> kStatusNames{
    {{CaseStatus::kDone, "done"}, {CaseStatus::kSkipped, "skipped"}, {CaseStatus::kFailed, "failed"}}};

/// The last part of a path.
std::string name_of_file(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

/// Takes the folders off the absolute paths of texts. Paths with blanks are known as such from words of the
/// command line and from settings, which are paths or lists of them.
class FolderRemover {
 public:
  explicit FolderRemover(const Report& report) {
    for (const std::string& word : report.environment.command_line) learn(word);
    learn(report.plan.options);
    for (const LeftOut& each : report.plan.left_out) learn(each.settings);
    for (const CaseResult& each : report.cases) learn(each.settings);
    std::ranges::sort(paths_, std::ranges::greater{}, &std::string::size);
  }

  /// "model=/home/me/x.pt: no such file" becomes "model=x.pt: no such file".
  std::string text(const std::string& text) const {
    std::string result;
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t length =
          begins_path(text, begin) ? path_length(std::string_view(text).substr(begin)) : 1;
      result += length == 1 ? text.substr(begin, 1) : name_of_file(text.substr(begin, length));
      begin += length;
    }
    return result;
  }

  Fields fields(const Fields& fields) const {
    Fields kept;
    for (const auto& [name, value] : fields) {
      const auto* found = std::get_if<std::string>(&value);
      kept.set(name, found == nullptr ? value : FieldValue(text(*found)));
    }
    return kept;
  }

 private:
  static constexpr std::string_view kBefore = " ,=:;'\"`([<\n";
  static constexpr std::string_view kBehind = " ,=:;'\"`)]>\n";

  /// An address has "//" behind its colon.
  static bool begins_path(const std::string& text, std::size_t at) {
    if (text[at] != '/' || (at > 0 && kBefore.find(text[at - 1]) == std::string_view::npos)) return false;
    return !(at > 0 && text[at - 1] == ':' && text.substr(at).starts_with("//"));
  }

  std::size_t path_length(std::string_view text) const {
    std::size_t known = 0;
    for (const std::string& path : paths_) {
      if (!text.starts_with(path)) continue;
      const std::string_view behind = text.substr(path.size(), 1);
      if (!behind.empty() && behind != "/" && kBehind.find(behind) == std::string_view::npos) continue;
      known = path.size();
      break;
    }
    return std::min(text.find_first_of(kBehind, known), text.size());
  }

  void learn(const std::string& list) {
    std::size_t begin = 0;
    while (begin <= list.size()) {
      const std::size_t end = std::min(list.find_first_of(",=", begin), list.size());
      std::string path = list.substr(begin, end - begin);
      while (path.size() > 1 && path.ends_with('/')) path.pop_back();
      if (path.starts_with('/')) paths_.push_back(std::move(path));
      begin = end + 1;
    }
  }

  void learn(const Fields& fields) {
    for (const auto& [name, value] : fields) {
      if (const auto* text = std::get_if<std::string>(&value)) learn(*text);
    }
  }

  std::vector<std::string> paths_;
};

}  // namespace

Report without_folders(Report report) {
  const FolderRemover remover(report);
  for (std::string& word : report.environment.command_line) word = remover.text(word);
  report.plan.options = remover.fields(report.plan.options);
  for (LeftOut& each : report.plan.left_out) {
    each.settings = remover.fields(each.settings);
    each.reason = remover.text(each.reason);
  }
  for (Warning& each : report.warnings) {
    for (std::string* text : {&each.subject, &each.message, &each.advice}) *text = remover.text(*text);
  }
  for (CaseResult& each : report.cases) {
    each.settings = remover.fields(each.settings);
    each.facts = remover.fields(each.facts);
    each.reason = remover.text(each.reason);
    for (Metric& metric : each.metrics) {
      if (auto* missing = std::get_if<Missing>(&metric.value))
        missing->reason = remover.text(missing->reason);
    }
  }
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
