// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <system_error>

#include <da3/error.hpp>

#include <bench/presentation/charts.hpp>
#include <bench/report/report_json.hpp>
#include <core/text.hpp>

namespace da3::bench {
namespace {

std::string short_name(const Fields& settings, std::string_view without) {
  std::string text;
  for (const char* name : {"model", "device", "precision", "attention", "batch", "tokens", "images_shape",
                           "strategy", "cache"}) {
    const std::string value = settings.text(name);
    const bool is_usual = (std::string_view(name) == "precision" && value == "fp32") ||
                          (std::string_view(name) == "batch" && value == "1");
    if (name == without || value.empty() || is_usual) continue;
    text += (text.empty() ? "" : " ") + (std::string_view(name) == "batch" ? "batch " + value : value) +
            (std::string_view(name) == "tokens" ? " tokens" : "");
  }
  const std::int64_t photo = settings.number("photo_width");
  const std::int64_t width = photo > 0 ? photo : settings.number("width");
  const std::int64_t height = photo > 0 ? settings.number("photo_height") : settings.number("height");
  if (width > 0)
    text.append(" ").append(core::size_text({static_cast<int>(height), static_cast<int>(width)}));
  return text;
}

std::size_t index_of(std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  names.push_back(name);
  return names.size() - 1;
}

BarChart grouped(const std::vector<NamedReport>& reports, const SuiteFacts& suite) {
  const SuiteChart& shape = suite.chart;
  BarChart chart{std::string(shape.title), std::string(shape.unit), {}, {}, false};
  for (const NamedReport& each : reports) {
    for (const CaseResult& result : each.report.cases) {
      const auto value = result.suite == suite.suite ? result.number(shape.metric) : std::nullopt;
      if (!value) continue;
      std::string name = short_name(result.settings, shape.series);
      if (reports.size() > 1) name = each.name + " " + name;
      auto group = std::find_if(chart.groups.begin(), chart.groups.end(),
                                [&](const BarChart::Group& g) { return g.label == name; });
      if (group == chart.groups.end()) group = chart.groups.insert(chart.groups.end(), {name, {}});
      const std::size_t series =
          index_of(chart.series, std::string(shape.series) + " " + result.settings.text(shape.series));
      group->bars.resize(std::max(group->bars.size(), series + 1));
      const Distribution* samples = result.distribution(shape.metric);
      group->bars[series] = Bar{*value, samples != nullptr ? samples->summary().ci95 : std::nullopt};
    }
  }
  for (BarChart::Group& group : chart.groups) group.bars.resize(chart.series.size());
  return chart;
}

// A stage that nobody measured (upload on a CPU) needs no place in the legend.
void drop_empty_series(BarChart& chart) {
  for (std::size_t s = chart.series.size(); s-- > 0;) {
    const bool used = std::any_of(chart.groups.begin(), chart.groups.end(),
                                  [&](const BarChart::Group& group) { return group.bars[s].has_value(); });
    if (used) continue;
    const auto at = static_cast<std::ptrdiff_t>(s);
    chart.series.erase(chart.series.begin() + at);
    for (BarChart::Group& group : chart.groups) group.bars.erase(group.bars.begin() + at);
  }
}

BarChart stacked(const std::vector<NamedReport>& reports, const SuiteFacts& suite) {
  BarChart chart{std::string(suite.chart.title), std::string(suite.chart.unit), {}, {}, true};
  std::vector<std::string_view> stages;
  for (const std::string_view stage : suite.chart.stages) {
    if (stage.empty()) break;
    stages.push_back(stage);
    chart.series.emplace_back(stage.substr(0, stage.size() - std::string_view("_ms").size()));
  }
  for (const NamedReport& each : reports) {
    for (const CaseResult& result : each.report.cases) {
      if (result.suite != suite.suite || result.status != CaseStatus::kDone) continue;
      BarChart::Group group{(reports.size() > 1 ? each.name + " " : "") + short_name(result.settings, ""),
                            {}};
      for (const std::string_view stage : stages) {
        const auto value = result.number(stage);
        group.bars.push_back(value ? std::optional(Bar{*value, std::nullopt}) : std::nullopt);
      }
      chart.groups.push_back(std::move(group));
    }
  }
  drop_empty_series(chart);
  return chart;
}

}  // namespace

std::vector<NamedChart> make_charts(const std::vector<NamedReport>& reports) {
  std::vector<NamedChart> charts;
  for (const SuiteFacts& suite : kSuiteFacts) {
    if (suite.chart.title.empty()) continue;
    const bool is_stacked = !suite.chart.stages.front().empty();
    BarChart chart = is_stacked ? stacked(reports, suite) : grouped(reports, suite);
    if (chart.groups.empty()) continue;
    charts.push_back({suite.suite, std::string(suite.name) + ".svg", std::move(chart)});
  }
  return charts;
}

std::vector<ChartLink> write_charts(const std::vector<NamedReport>& reports,
                                    const std::filesystem::path& folder,
                                    const std::filesystem::path& document_folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(ErrorCode::kOutputFailed, folder.string() + " could not be made: " + error.message());
  }
  std::vector<ChartLink> links;
  for (const NamedChart& each : make_charts(reports)) {
    const std::filesystem::path file = folder / each.file;
    write_file(file, render_svg(each.chart));
    links.push_back(
        {each.suite, each.chart.title, file.lexically_proximate(document_folder).generic_string()});
  }
  return links;
}

}  // namespace da3::bench
