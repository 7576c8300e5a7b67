// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

#include <bench/presentation/text_table.hpp>
#include <core/text.hpp>

namespace da3::bench {
namespace {

constexpr std::string_view kNothing = "-";
constexpr double kSmallest = 1e-4;  // smaller numbers get an exponent instead of zeros

// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_numeric(const std::string& text) {
  return text.empty() || text == "-" || std::isdigit(static_cast<unsigned char>(text.front())) != 0 ||
         (text.size() > 1 && (text.front() == '-' || text.front() == '+') &&
          std::isdigit(static_cast<unsigned char>(text[1])) != 0);
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width > width_of(text) ? width - width_of(text) : 0, ' ');
  return right ? space + text : text + space;
}

std::string escaped(const std::string& cell) {
  std::string text;
  for (const char c : cell) {
    if (c == '|') text += '\\';
    text += c == '\n' ? ' ' : c;
  }
  return text;
}

void add_missing(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::vector<std::string> setting_names(const std::vector<NamedCase>& cases) {
  std::vector<std::string> names;
  for (const NamedCase& each : cases) {
    for (const auto& [name, value] : each.result->settings) add_missing(names, name);
  }
  return names;
}

std::vector<std::string> metric_names(const std::vector<NamedCase>& cases) {
  std::vector<std::string> names;
  for (const NamedCase& each : cases) {
    for (const Metric& metric : each.result->metrics) add_missing(names, metric.name);
  }
  return names;
}

// Whether any case has a value, so that a column for it says something.
bool found(const std::vector<NamedCase>& cases, const std::string& metric) {
  return std::any_of(cases.begin(), cases.end(), [&](const NamedCase& each) {
    return format_metric(each.result->find(metric)) != kNothing;
  });
}

std::string status_text(const CaseResult& result) {
  const std::string status(to_string(result.status));
  return result.reason.empty() ? status : status + ": " + result.reason;
}

// A line for each metric: side by side a dozen of them are wider than a page.
TextTable tabulate_one(const CaseResult& result, const std::vector<std::string>& metrics) {
  TextTable table;
  table.columns = {"metric", "value"};
  for (const std::string& name : metrics) table.rows.push_back({name, format_metric(result.find(name))});
  if (result.status != CaseStatus::kDone) table.rows.push_back({"status", status_text(result)});
  return table;
}

bool shared(const std::vector<NamedCase>& cases, const std::string& name) {
  return std::all_of(cases.begin(), cases.end(), [&](const NamedCase& each) {
    const FieldValue* value = each.result->settings.find(name);
    const FieldValue* first = cases.front().result->settings.find(name);
    return value != nullptr && first != nullptr && *value == *first;
  });
}

}  // namespace

std::string format_number(double value) {
  if (!std::isfinite(value)) return std::string(kNothing);
  const double size = std::abs(value);
  std::array<char, 64> text{};
  if (size > 0 && size < kSmallest) {
    std::snprintf(text.data(), text.size(), "%.2e", value);
    return text.data();
  }
  const int whole = size >= 1 ? static_cast<int>(std::floor(std::log10(size))) + 1 : 0;
  // Leading zeros behind the point do not count as digits.
  const int leading = size > 0 && size < 1 ? static_cast<int>(-std::floor(std::log10(size))) - 1 : 0;
  const int decimals = std::clamp(4 - whole + leading, 0, 8);
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  std::string result = text.data();
  if (result.find('.') != std::string::npos) {
    result.erase(result.find_last_not_of('0') + 1);
    if (result.back() == '.') result.pop_back();
  }
  return result;
}

std::string format_bytes(double bytes) {
  return core::bytes_text(static_cast<std::uint64_t>(std::llround(std::max(0.0, bytes))));
}

std::string format_metric(const Metric* metric) {
  if (metric == nullptr || std::holds_alternative<Missing>(metric->value)) return "-";
  const bool bytes = metric->name.ends_with("_bytes");
  if (const auto* samples = std::get_if<Distribution>(&metric->value)) {
    const Summary summary = samples->summary();
    if (!summary.median) return "-";
    std::string median = bytes ? format_bytes(*summary.median) : format_number(*summary.median);
    if (summary.n < 2 || bytes) return median;
    // Fewer values have no such interval: all of them lie in this one.
    const Interval shown = summary.ci95.value_or(Interval{*summary.min, *summary.max});
    return median + " [" + format_number(shown.low) + ", " + format_number(shown.high) + "]";
  }
  const double value = std::holds_alternative<double>(metric->value)
                           ? std::get<double>(metric->value)
                           : static_cast<double>(std::get<std::int64_t>(metric->value));
  if (metric->name == "flops") return format_number(value * 1e-9) + " G";
  return bytes ? format_bytes(value) : format_number(value);
}

std::string render_plain(const TextTable& table) {
  std::string text = table.caption.empty() ? "" : table.caption + "\n";
  std::vector<std::size_t> widths;
  std::vector<bool> right(table.columns.size(), true);
  for (const std::string& column : table.columns) widths.push_back(width_of(column));
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      widths[c] = std::max(widths[c], width_of(row[c]));
      right[c] = right[c] && is_numeric(row[c]);
    }
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t c = 0; c < cells.size(); ++c)
      out += (c == 0 ? "" : "  ") + padded(cells[c], widths[c], right[c]);
    out.erase(out.find_last_not_of(' ') + 1);
    return out + "\n";
  };
  text += line(table.columns);
  for (const auto& row : table.rows) text += line(row);
  return text;
}

std::string render_markdown(const TextTable& table) {
  std::string text = table.caption.empty() ? "" : "With " + escaped(table.caption) + ".\n\n";
  const auto line = [](const std::vector<std::string>& cells) {
    std::string out = "|";
    for (const std::string& cell : cells) out.append(" ").append(escaped(cell)).append(" |");
    return out + "\n";
  };
  text += line(table.columns);
  text += line(std::vector<std::string>(table.columns.size(), "---"));
  for (const auto& row : table.rows) text += line(row);
  return text;
}

std::string shared_settings(const std::vector<NamedCase>& cases) {
  std::string text;
  for (const std::string& name : setting_names(cases)) {
    if (!shared(cases, name)) continue;
    text += (text.empty() ? "" : ", ") + name + " " + to_text(*cases.front().result->settings.find(name));
  }
  return text;
}

std::string own_settings(const CaseResult& result, const std::vector<NamedCase>& cases) {
  std::string text;
  for (const auto& [name, value] : result.settings) {
    if (!shared(cases, name)) text += (text.empty() ? "" : " ") + name + "=" + to_text(value);
  }
  return text;
}

TextTable tabulate(const std::vector<NamedCase>& cases) {
  TextTable table;
  if (cases.empty()) return table;
  std::vector<std::string> metrics = metric_names(cases);
  std::erase_if(metrics, [&](const std::string& name) { return !found(cases, name); });
  if (cases.size() == 1) {
    table = tabulate_one(*cases.front().result, metrics);
    table.caption = shared_settings(cases);
    return table;
  }
  table.caption = shared_settings(cases);
  const bool several = std::any_of(
      cases.begin(), cases.end(), [&](const NamedCase& each) { return each.report != cases.front().report; });
  if (several) table.columns.emplace_back("report");
  std::vector<std::string> varying = setting_names(cases);
  std::erase_if(varying, [&](const std::string& name) { return shared(cases, name); });
  table.columns.insert(table.columns.end(), varying.begin(), varying.end());
  table.columns.insert(table.columns.end(), metrics.begin(), metrics.end());
  const bool all_done = std::all_of(cases.begin(), cases.end(), [](const NamedCase& each) {
    return each.result->status == CaseStatus::kDone;
  });
  if (!all_done) table.columns.emplace_back("status");
  for (const NamedCase& each : cases) {
    std::vector<std::string> row;
    if (several) row.push_back(each.report);
    for (const std::string& name : varying) row.push_back(each.result->settings.text(name, kNothing));
    for (const std::string& name : metrics) row.push_back(format_metric(each.result->find(name)));
    if (!all_done) row.push_back(status_text(*each.result));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace da3::bench
