// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <bench/presentation/charts.hpp>
#include <bench/presentation/text_table.hpp>

namespace da3::bench {
namespace {

// Okabe and Ito's palette, told apart with every common colour blindness.
constexpr std::array<const char*, 8> kColours{"#0072B2", "#E69F00", "#009E73", "#D55E00",
                                              "#56B4E9", "#CC79A7", "#999999", "#F0E442"};
constexpr double kBarHeight = 18;
constexpr double kGroupGap = 12;
constexpr double kMargin = 16;
constexpr double kPlotWidth = 520;
constexpr double kRight = 110;
constexpr double kTitleHeight = 34;
constexpr double kLegendLine = 20;
constexpr double kBottom = 36;
constexpr double kLetter = 7.4;  // width of a wide letter at font size 12, so that no label is cut off

double text_width(const std::string& text) {
  return kLetter * static_cast<double>(text.size());
}

// Where things stand; labels of groups and entries of the legend take the place they need.
struct Layout {
  double left = 0;
  std::vector<std::pair<double, double>> legend;  // x, y of each entry
  double top = 0;                                 // of the plot
  double right() const { return left + kPlotWidth; }
};

Layout layout_of(const BarChart& chart) {
  Layout layout;
  for (const BarChart::Group& group : chart.groups) {
    layout.left = std::max(layout.left, text_width(group.label));
  }
  layout.left += 8 + kMargin;
  double x = layout.left;
  double y = kTitleHeight;
  for (const std::string& series : chart.series) {
    const double width = 30 + text_width(series);
    if (x > layout.left && x + width > layout.right() + kRight) {
      x = layout.left;
      y += kLegendLine;
    }
    layout.legend.emplace_back(x, y);
    x += width;
  }
  layout.top = y + kLegendLine + 10;
  return layout;
}

std::string f(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else {
      result += c;
    }
  }
  return result;
}

std::string label(double x, double y, const std::string& text, const std::string& attributes) {
  return "<text x=\"" + f(x) + "\" y=\"" + f(y) + "\" " + attributes + ">" + escaped(text) + "</text>\n";
}

std::string rect(double x, double y, double width, double height, const std::string& fill) {
  return "<rect x=\"" + f(x) + "\" y=\"" + f(y) + "\" width=\"" + f(width) + "\" height=\"" + f(height) +
         "\" fill=\"" + fill + "\"/>\n";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& stroke) {
  return "<line x1=\"" + f(x1) + "\" y1=\"" + f(y1) + "\" x2=\"" + f(x2) + "\" y2=\"" + f(y2) +
         "\" stroke=\"" + stroke + "\"/>\n";
}

double group_height(const BarChart& chart) {
  return (chart.stacked ? 1.0 : static_cast<double>(chart.series.size())) * kBarHeight;
}

double largest(const BarChart& chart) {
  double most = 0;
  for (const BarChart::Group& group : chart.groups) {
    double sum = 0;
    for (const std::optional<Bar>& bar : group.bars) {
      if (!bar) continue;
      sum += bar->value;
      most = std::max({most, chart.stacked ? sum : bar->value,
                       bar->interval && !chart.stacked ? bar->interval->high : 0});
    }
  }
  return most > 0 ? most : 1;
}

// 1, 2 or 5 times a power of ten, for about five lines.
double tick_step(double most) {
  const double raw = most / 5;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double lead = raw / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

std::string draw_axis(const Layout& layout, double most, double bottom) {
  std::string svg;
  const double step = tick_step(most);
  for (double tick = 0; tick <= most * 1.0001; tick += step) {
    const double x = layout.left + kPlotWidth * tick / most;
    svg += line(x, layout.top - 4, x, bottom, tick == 0 ? "#444444" : "#DDDDDD");
    svg += label(x, bottom + 16, format_number(tick), "text-anchor=\"middle\" fill=\"#444444\"");
  }
  return svg;
}

std::string draw_legend(const BarChart& chart, const Layout& layout) {
  std::string svg;
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    const auto [x, y] = layout.legend[s];
    svg += rect(x, y, 11, 11, kColours[s % kColours.size()]);
    svg += label(x + 16, y + 10, chart.series[s], "fill=\"#222222\"");
  }
  return svg;
}

std::string draw_group(const BarChart& chart, const BarChart::Group& group, double left, double top,
                       double most) {
  std::string svg =
      label(left - 8, top + group_height(chart) / 2 + 4, group.label, "text-anchor=\"end\" fill=\"#222222\"");
  double sum = 0;
  for (std::size_t s = 0; s < group.bars.size(); ++s) {
    if (!group.bars[s]) continue;
    const Bar& bar = *group.bars[s];
    const double y = chart.stacked ? top : top + static_cast<double>(s) * kBarHeight;
    const double x = left + (chart.stacked ? kPlotWidth * sum / most : 0);
    const double width = kPlotWidth * bar.value / most;
    svg += rect(x, y + 2, width, kBarHeight - 4, kColours[s % kColours.size()]);
    sum += bar.value;
    if (chart.stacked) continue;
    double end = x + width;
    if (bar.interval) {
      const double low = left + kPlotWidth * bar.interval->low / most;
      const double high = left + kPlotWidth * bar.interval->high / most;
      const double middle = y + kBarHeight / 2;
      svg += line(low, middle, high, middle, "#111111") + line(low, middle - 3, low, middle + 3, "#111111") +
             line(high, middle - 3, high, middle + 3, "#111111");
      end = std::max(end, high);
    }
    svg += label(end + 6, y + kBarHeight / 2 + 4, format_number(bar.value), "fill=\"#222222\"");
  }
  if (chart.stacked) {
    svg += label(left + kPlotWidth * sum / most + 6, top + kBarHeight / 2 + 4, format_number(sum),
                 "fill=\"#222222\"");
  }
  return svg;
}

}  // namespace

std::string render_svg(const BarChart& chart) {
  const double most = largest(chart);
  const Layout layout = layout_of(chart);
  const double plot = static_cast<double>(chart.groups.size()) * (group_height(chart) + kGroupGap);
  const double bottom = layout.top + plot;
  const double width = layout.right() + kRight;
  const double height = bottom + kBottom;
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + f(width) + " " + f(height) +
                    "\" width=\"" + f(width) + "\" height=\"" + f(height) +
                    "\" font-family=\"system-ui, 'DejaVu Sans', Arial, sans-serif\" font-size=\"12\">\n";
  svg += "<title>" + escaped(chart.title) + "</title>\n" + rect(0, 0, width, height, "#FFFFFF");
  svg += label(layout.left, 22, chart.title + (chart.unit.empty() ? "" : " (" + chart.unit + ")"),
               "font-size=\"15\" font-weight=\"600\" fill=\"#111111\"");
  svg += draw_legend(chart, layout) + draw_axis(layout, most, bottom);
  double top = layout.top + kGroupGap / 2;
  for (const BarChart::Group& group : chart.groups) {
    svg += draw_group(chart, group, layout.left, top, most);
    top += group_height(chart) + kGroupGap;
  }
  return svg + "</svg>\n";
}

}  // namespace da3::bench
