// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include <da3/error.hpp>

#include <cli/option_sets.hpp>
#include <core/text.hpp>

namespace da3::cli {

CLI::Option* add_parsed(CLI::App& app, const std::string& names, std::function<void(const std::string&)> set,
                        const std::string& help) {
  // Messages call the option by the first of its long names.
  const std::size_t long_name = names.find("--");
  const std::string shown = names.substr(long_name, names.find(',', long_name) - long_name);
  return app
      .add_option_function<std::string>(
          names,
          [set = std::move(set), shown](const std::string& text) {
            try {
              set(text);
            } catch (const Error& error) {
              throw Error(ErrorCode::kUsage, shown + ": " + error.what());
            }
          },
          help)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

CLI::Option* add_parsed_list(CLI::App& app, const std::string& names,
                             std::function<void(const std::string&)> set, const std::string& help) {
  return add_parsed(
      app, names,
      [set = std::move(set)](const std::string& text) {
        for (const std::string& item : split_list(text)) set(item);
      },
      help);
}

long long whole_number(const std::string& text, long long low, long long high) {
  long long value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || stopped != end || value < low || value > high) {
    throw Error(ErrorCode::kUsage, "expected a whole number from " + std::to_string(low) + " to " +
                                       std::to_string(high) + ", found '" + text + "'");
  }
  return value;
}

double real_number(const std::string& text, double low, double high) {
  double value = 0;
  std::size_t used = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (text.empty() || used != text.size() || !std::isfinite(value) || value < low || value > high) {
    const auto shown = [](double bound) {
      std::string digits = std::to_string(bound);
      digits.erase(digits.find_last_not_of('0') + 1);
      return digits.ends_with('.') ? digits.substr(0, digits.size() - 1) : digits;
    };
    throw Error(ErrorCode::kUsage,
                "expected a number from " + shown(low) + " to " + shown(high) + ", found '" + text + "'");
  }
  return value;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  while (true) {
    const std::size_t comma = text.find(',', begin);
    items.push_back(text.substr(begin, comma == std::string::npos ? comma : comma - begin));
    if (items.back().empty()) {
      throw Error(ErrorCode::kUsage, "expected names between commas, found an empty one in '" + text + "'");
    }
    if (comma == std::string::npos) return items;
    begin = comma + 1;
  }
}

std::optional<std::pair<double, double>> parse_range(const std::string& text,
                                                     const std::vector<std::string_view>& words) {
  for (const std::string_view word : words) {
    if (core::lower_case(text) == word) return std::nullopt;
  }
  const auto end_of = [](std::string_view part) {
    double value = 0;
    const auto [end, problem] = std::from_chars(part.data(), part.data() + part.size(), value);
    const bool whole = problem == std::errc{} && end == part.data() + part.size();
    return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
  };
  const std::size_t comma = text.find(',');
  const auto low = end_of(std::string_view(text).substr(0, comma));
  const auto high =
      comma == std::string::npos ? std::nullopt : end_of(std::string_view(text).substr(comma + 1));
  if (low && high) return std::pair{*low, *high};
  std::string names;
  for (const std::string_view word : words) names += std::string(word) + (word == words.back() ? "" : ", ");
  throw Error(ErrorCode::kUsage, "expected " + names + " or LO,HI such as 0.5,20, found '" + text + "'");
}

}  // namespace da3::cli
