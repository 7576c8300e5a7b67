// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include <bench/presentation/across_devices.hpp>

namespace da3::bench {
namespace {

// Each device runs in its own best precision, so that is part of the place, not of the work.
struct Place {
  std::string report;
  std::string device;
  std::string precision;
  auto operator<=>(const Place&) const = default;
};

// What makes the work the same: everything but where it ran.
Fields work_of(const CaseResult& result) {
  Fields work = result.settings;
  work.erase("device");
  work.erase("threads");
  work.erase("precision");
  return work;
}

struct Row {
  Fields work;
  std::map<Place, double> images_per_s;
};

const double* find_rate(const Row& row, const Place& place) {
  const auto found = row.images_per_s.find(place);
  return found == row.images_per_s.end() ? nullptr : &found->second;
}

// What a cell's speed-up is against: the first CPU column of its report, else of any.
const double* cpu_rate(const Row& row, const std::string& report, const std::vector<Place>& places) {
  const double* other = nullptr;
  for (const Place& place : places) {
    const double* rate = place.device == "cpu" ? find_rate(row, place) : nullptr;
    if (rate == nullptr || *rate <= 0) continue;
    if (place.report == report) return rate;
    if (other == nullptr) other = rate;
  }
  return other;
}

std::string cell(const Row& row, const Place& place, const std::vector<Place>& places) {
  const double* rate = find_rate(row, place);
  const double* cpu = cpu_rate(row, place.report, places);
  if (rate == nullptr) return "-";
  if (cpu == nullptr) return format_number(*rate);
  return format_number(*rate) + " (x" + format_number(*rate / *cpu) + ")";
}

}  // namespace

TextTable tabulate_across_devices(const std::vector<NamedReport>& reports) {
  std::vector<Row> rows;
  std::vector<Place> places;
  for (const NamedReport& each : reports) {
    for (const CaseResult& result : each.report.cases) {
      const auto rate = result.number("images_per_s");
      if (result.suite != SuiteName::kThroughput || !rate) continue;
      const Place place{each.name, result.settings.text("device"), result.settings.text("precision")};
      if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
      const Fields work = work_of(result);
      auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.work.same_as(work); });
      if (row == rows.end()) row = rows.insert(rows.end(), {work, {}});
      // Several thread counts: the best one stands for the device.
      row->images_per_s[place] = std::max(row->images_per_s[place], *rate);
    }
  }
  TextTable table;
  if (places.size() < 2) return table;
  table.columns = {"work"};
  for (const Place& place : places) {
    table.columns.push_back((reports.size() > 1 ? place.report + " " : "") + place.device + " " +
                            place.precision);
  }
  for (const Row& row : rows) {
    if (row.images_per_s.size() < 2) continue;
    std::vector<std::string> cells{to_text(row.work)};
    for (const Place& place : places) cells.push_back(cell(row, place, places));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace da3::bench
