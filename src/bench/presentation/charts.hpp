// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <bench/presentation/report_text.hpp>

namespace da3::bench {

struct Bar {
  double value = 0;
  std::optional<Interval> interval;  ///< Drawn as a whisker
};

/// Groups of bars side by side; one colour a series.
struct BarChart {
  std::string title;
  std::string unit;
  std::vector<std::string> series;
  struct Group {
    std::string label;
    std::vector<std::optional<Bar>> bars;  ///< One a series; null leaves a gap
  };
  std::vector<Group> groups;
  bool stacked = false;  ///< Bars of a group on top of each other
};

/// The chart as an SVG document with its own background, readable without style sheets. Range: values of 0
/// and more.
std::string render_svg(const BarChart& chart);

struct NamedChart {
  SuiteName suite = SuiteName::kThroughput;
  std::string file;  ///< Suggested name, such as "throughput-laptop.svg"
  BarChart chart;
};

/// Charts of what the reports hold: images per second by batch, stages of latency, attention modes, loading,
/// batching.
std::vector<NamedChart> make_charts(const std::vector<NamedReport>& reports);

/// Writes make_charts' pictures into `folder`, which is made, and gives links to them relative to
/// `document_folder`. Throws: Error kOutputFailed.
std::vector<ChartLink> write_charts(const std::vector<NamedReport>& reports,
                                    const std::filesystem::path& folder,
                                    const std::filesystem::path& document_folder);

}  // namespace da3::bench
