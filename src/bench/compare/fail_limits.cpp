// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>

#include <da3/error.hpp>

#include <bench/compare/compare.hpp>
#include <bench/presentation/text_table.hpp>

namespace da3::bench {
namespace {

constexpr std::array<std::string_view, 6> kStatistics{"median", "mean", "min", "max", "p90", "p99"};

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(ErrorCode::kUsage, "--fail-on '" + std::string(text) + "': " + why +
                                     "; write METRIC.STAT>P%, such as forward_ms.median>5%");
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

double parse_percent(std::string_view whole, std::string_view text) {
  if (!text.ends_with('%')) refuse(whole, "the limit ends in '%'");
  text = trimmed(text.substr(0, text.size() - 1));
  double percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (error != std::errc() || end != text.data() + text.size() || !(percent >= 0 && percent < 1e6)) {
    refuse(whole, "'" + std::string(text) + "' is no percentage");
  }
  return percent / 100;
}

FailLimit parse_limit(std::string_view text) {
  const std::size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) refuse(text, "there is no '>'");
  FailLimit limit;
  limit.on_rise = text[sign] == '>';
  limit.share = parse_percent(text, trimmed(text.substr(sign + 1)));
  if (!limit.on_rise && limit.share >= 1) refuse(text, "nothing falls by 100 % or more");
  const std::string_view what = trimmed(text.substr(0, sign));
  const std::size_t dot = what.find('.');
  limit.metric = what.substr(0, dot);
  if (limit.metric.empty()) refuse(text, "the metric is missing");
  if (dot == std::string_view::npos) return limit;
  const std::string_view statistic = what.substr(dot + 1);
  limit.statistic = statistic == "p50" ? "median" : statistic;
  for (const std::string_view known : kStatistics) {
    if (limit.statistic == known) return limit;
  }
  refuse(text, std::string("'").append(statistic) + "' is none of median, p50, mean, min, max, p90, p99");
}

}  // namespace

std::string to_text(const FailLimit& limit) {
  return limit.metric + (limit.statistic.empty() ? "" : "." + limit.statistic) + (limit.on_rise ? ">" : "<") +
         format_number(100 * limit.share) + "%";
}

void refuse_limit(const FailLimit& limit, const std::string& why) {
  throw Error(ErrorCode::kUsage, "--fail-on '" + to_text(limit) + "': " + why);
}

void refuse_without_statistic(const FailLimit& limit, std::string_view metric) {
  const std::string name(metric);
  refuse_limit(limit, name + " was sampled; say which statistic, such as " + name + ".median");
}

void refuse_statistic(const FailLimit& limit, std::string_view metric) {
  refuse_limit(limit, std::string(metric) + " is one number; leave ." + limit.statistic + " out");
}

std::vector<FailLimit> parse_fail_limits(std::string_view text) {
  std::vector<FailLimit> limits;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    limits.push_back(parse_limit(trimmed(text.substr(start, comma - start))));
    start = comma + 1;
  }
  return limits;
}

}  // namespace da3::bench
