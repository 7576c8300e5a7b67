// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <bench/presentation/across_devices.hpp>
#include <bench/presentation/charts.hpp>
#include <bench/presentation/recommendations.hpp>
#include <bench/presentation/report_text.hpp>
#include <bench/presentation/text_table.hpp>
#include <bench/report/sample_report.hpp>
#include <bench/report/warnings.hpp>

namespace da3::bench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const Rounds kFast{{100}, {101}, {99}};
const Rounds kSlow{{200}, {202}, {198}};

TEST(FormatNumber, GivesFourDigits) {
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(340.2459), "340.2");
  EXPECT_EQ(format_number(12345.6), "12346");
  EXPECT_EQ(format_number(0.0123456), "0.01235");
  EXPECT_EQ(format_number(-1.5), "-1.5");
  EXPECT_EQ(format_number(0.0001), "0.0001");
  EXPECT_EQ(format_number(0.0000006628), "6.63e-07");
  EXPECT_EQ(format_number(1e300 * 1e300), "-");
}

TEST(FormatBytes, TakesTheUnitThatReads) {
  EXPECT_EQ(format_bytes(600000000), "572.2 MiB");
  EXPECT_EQ(format_bytes(24.0 * 1024 * 1024 * 1024), "24 GiB");
}

TEST(Tabulate, SharedSettingsBecomeTheCaption) {
  const CaseResult one = throughput_case(1, "sdpa", kFast);
  const CaseResult four = throughput_case(4, "sdpa", kSlow);
  const TextTable table = tabulate({{"a", &one}, {"a", &four}});
  EXPECT_THAT(table.caption, HasSubstr("model da3-small"));
  EXPECT_THAT(table.columns, ElementsAre("batch", "forward_ms", "images_per_s", "peak_rss_bytes"));
  EXPECT_THAT(table.rows[1], ElementsAre("4", "200 [198, 202]", "20", "572.2 MiB"));
}

TEST(Tabulate, AMetricThatOneCaseHasIsAColumnForAll) {
  CaseResult one = throughput_case(1, "sdpa", kFast);
  one.set("peak_device_bytes", std::int64_t{600000000});
  const CaseResult four = throughput_case(4, "sdpa", kSlow);
  const TextTable table = tabulate({{"a", &one}, {"a", &four}});
  EXPECT_EQ(table.columns.back(), "peak_device_bytes");
  EXPECT_EQ(table.rows[0].back(), "572.2 MiB");
  EXPECT_EQ(table.rows[1].back(), "-");
}

TEST(Tabulate, OneCaseHasALineForEachMetric) {
  const CaseResult one = throughput_case(1, "sdpa", kFast);
  const TextTable table = tabulate({{"a", &one}});
  EXPECT_THAT(table.caption, HasSubstr("batch 1"));
  EXPECT_THAT(table.columns, ElementsAre("metric", "value"));
  EXPECT_THAT(table.rows,
              ElementsAre(ElementsAre("forward_ms", "100 [99, 101]"), ElementsAre("images_per_s", "10"),
                          ElementsAre("peak_rss_bytes", "572.2 MiB")));
}

TEST(Tabulate, CasesThatAreNotDoneSayWhy) {
  CaseResult failed = throughput_case(8, "sdpa", {});
  failed.status = CaseStatus::kFailed;
  failed.reason = "out of memory";
  EXPECT_THAT(tabulate({{"a", &failed}}).rows.back(), ElementsAre("status", "failed: out of memory"));
  const CaseResult done = throughput_case(1, "sdpa", kFast);
  const TextTable table = tabulate({{"a", &failed}, {"a", &done}});
  EXPECT_EQ(table.columns.back(), "status");
  EXPECT_EQ(table.rows.front().back(), "failed: out of memory");
  EXPECT_EQ(table.rows.back().back(), "done");
}

TEST(Render, MarkdownEscapesBarsAndPlainAlignsNumbers) {
  const TextTable table{"", {"name", "ms"}, {{"a|b", "5"}, {"c", "100"}}};
  EXPECT_EQ(render_markdown(table), "| name | ms |\n| --- | --- |\n| a\\|b | 5 |\n| c | 100 |\n");
  EXPECT_EQ(render_plain(table), "name   ms\na|b     5\nc     100\n");
}

TEST(Csv, QuotesCellsAndHasALinePerMetric) {
  CaseResult result = throughput_case(1, "sdpa", kFast);
  result.reason = "a, \"b\"";
  const std::string csv = format_csv({{"lap,top", sample_report({result})}});
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);
  EXPECT_THAT(csv, HasSubstr("\"lap,top\",throughput,done,\"a, \"\"b\"\"\""));
  EXPECT_THAT(csv, HasSubstr(",forward_ms,100,3,100,"));
}

TEST(AcrossDevices, SpeedUpIsAgainstTheCpuOfTheSameReport) {
  const Report report =
      sample_report({throughput_case(1, "sdpa", kSlow), throughput_case(1, "sdpa", kFast, "cuda:0")});
  const TextTable table = tabulate_across_devices({{"a", report}});
  EXPECT_THAT(table.columns, ElementsAre("work", "cpu fp32", "cuda:0 fp32"));
  EXPECT_THAT(table.rows.front(), ElementsAre(testing::_, "5 (x1)", "10 (x2)"));
}

TEST(AcrossDevices, EachDeviceMayRunInAPrecisionOfItsOwn) {
  CaseResult half = throughput_case(1, "sdpa", kFast, "cuda:0");
  half.settings.set("precision", std::string("bf16"));
  const TextTable table =
      tabulate_across_devices({{"a", sample_report({throughput_case(1, "sdpa", kSlow), half})}});
  EXPECT_THAT(table.columns, ElementsAre("work", "cpu fp32", "cuda:0 bf16"));
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre(testing::_, "5 (x1)", "10 (x2)")));
}

TEST(AcrossDevices, AReportWithoutCpuIsHeldAgainstTheFirstOne) {
  const Report here = sample_report({throughput_case(1, "sdpa", kSlow)});
  const Report there = sample_report({throughput_case(1, "sdpa", kFast, "mps")}, "Other");
  const TextTable table = tabulate_across_devices({{"a", here}, {"b", there}});
  EXPECT_THAT(table.columns, ElementsAre("work", "a cpu fp32", "b mps fp32"));
  EXPECT_EQ(table.rows.front().back(), "10 (x2)");
  EXPECT_THAT(tabulate_across_devices({{"a", here}}).rows, IsEmpty());
}

CaseResult attention_case(const std::string& mode, const Rounds& rounds) {
  CaseResult result;
  result.suite = SuiteName::kAttention;
  result.settings = {
      {"model", "da3-small"}, {"device", "cpu"}, {"tokens", std::int64_t{721}}, {"attention", mode}};
  result.set("layer_ms", Distribution{rounds, {}});
  return result;
}

TEST(Recommendations, FollowFromTheFigures) {
  const auto advice =
      recommend(sample_report({throughput_case(1, "sdpa", kFast), throughput_case(4, "sdpa", kSlow),
                               attention_case("sdpa", kFast), attention_case("manual", kSlow)}));
  EXPECT_THAT(
      advice,
      Contains("da3-small, cpu, fp32, 504x280: best throughput 20 images/s with --batch 4 --attention sdpa, "
               "2 times (2 to 2) that of single images."));
  EXPECT_THAT(advice, Contains(testing::StartsWith("da3-small, cpu, 721 tokens: sdpa is 2 times (")));
}

TEST(Recommendations, SayWhereNoDifferenceIsShown) {
  const Rounds a{{100}, {110}, {90}};
  const Rounds b{{105}, {95}, {101}};
  const auto advice = recommend(sample_report({attention_case("sdpa", a), attention_case("manual", b)}));
  ASSERT_THAT(advice, SizeIs(1));
  EXPECT_THAT(advice.front(), HasSubstr("no difference shown between sdpa and manual"));
}

TEST(Recommendations, AShownDifferenceThatIsTinyIsNoAdvice) {
  const Rounds slower{{101}, {102}, {100}};
  const auto advice =
      recommend(sample_report({attention_case("sdpa", kFast), attention_case("manual", slower)}));
  ASSERT_THAT(advice, SizeIs(1));
  EXPECT_THAT(advice.front(),
              HasSubstr("sdpa and manual hardly differ for a whole attention layer; manual is 0.99"));
}

TEST(Recommendations, PreparingAPhotoIsToldByThePhoto) {
  const auto preparing = [](const std::string& strategy, const Rounds& rounds) {
    CaseResult result;
    result.suite = SuiteName::kPreprocess;
    result.settings = {{"device", "cuda:0"},
                       {"strategy", strategy},
                       {"photo_height", std::int64_t{1080}},
                       {"photo_width", std::int64_t{1920}},
                       {"height", std::int64_t{154}},
                       {"width", std::int64_t{280}}};
    result.set("total_ms", Distribution{rounds, {}});
    return result;
  };
  EXPECT_THAT(
      recommend(sample_report({preparing("cpu", kSlow), preparing("device", kFast)})),
      ElementsAre(
          "cuda:0, photo 1920x1080: device is 2 times (2 to 2) as fast as cpu for preparing a photo."));
}

TEST(Recommendations, AFolderNamesTheStageThatTakesMost) {
  CaseResult result;
  result.suite = SuiteName::kFolder;
  result.settings = {{"model", "da3-small"}};
  result.set("overhead_share", 0.6151);
  result.set("decode_share", 0.02);
  result.set("write_share", 0.47);
  result.set("forward_share", 0.5);
  EXPECT_THAT(
      recommend(sample_report({result})),
      ElementsAre("da3-small: reading, resizing and writing add 61.5 % to the forward passes alone; of it "
                  "writing takes most (47 % of all stages' time): fewer or cheaper --format entries help."));
}

TEST(Recommendations, NothingMeasuredGivesNoAdvice) {
  CaseResult failed = throughput_case(1, "sdpa", {});
  failed.status = CaseStatus::kFailed;
  EXPECT_THAT(recommend(sample_report({failed})), IsEmpty());
}

TEST(MarkdownReport, HoldsEverySectionInOrder) {
  Report report = sample_report({attention_case("sdpa", kFast), throughput_case(1, "sdpa", kFast)});
  report.warnings.push_back({"noise", "x", "spreads", "more runs"});
  report.plan.left_out.push_back({SuiteName::kSoak, {}, "not asked for"});
  const std::string text = format_markdown({{"a", report}}, {{SuiteName::kAttention, "Chart", "c.svg"}});
  std::size_t at = 0;
  for (const char* heading : {"## Summary", "Example 9000", "## Throughput", "## Attention",
                              "![Chart](c.svg)", "## Recommendations", "## Warnings", "## Left out"}) {
    const std::size_t found = text.find(heading, at);
    ASSERT_NE(found, std::string::npos) << heading;
    at = found;
  }
}

TEST(MarkdownReport, WarningsStandUnderWhatToDoAndNameCasesShortly) {
  const CaseResult one = throughput_case(1, "sdpa", kFast);
  const CaseResult four = throughput_case(4, "sdpa", kSlow);
  Report report = sample_report({one, four});
  report.warnings = {{"noise", case_name(one), "spreads", "give more --runs"},
                     {"battery", "machine", "the machine runs on its battery", "plug it in"},
                     {"noise", case_name(four), "spreads more", "give more --runs"}};
  EXPECT_THAT(
      format_markdown({{"a", report}}),
      HasSubstr("- To do: give more --runs.\n  - throughput batch=1: spreads\n  - throughput batch=4: "
                "spreads more\n- To do: plug it in.\n  - machine: the machine runs on its battery\n"));
}

TEST(MarkdownReport, SeveralReportsStandSideBySide) {
  const std::string text =
      format_markdown({{"a", sample_report({throughput_case(1, "sdpa", kFast)})},
                       {"b", sample_report({throughput_case(1, "sdpa", kSlow)}, "Other")}});
  EXPECT_THAT(text, HasSubstr("|  | a | b |"));
  EXPECT_THAT(text, HasSubstr("| report | forward_ms"));
  EXPECT_THAT(text, HasSubstr("## Across devices"));
}

TEST(Formats, JsonTakesOneReport) {
  const NamedReport one{"a", sample_report({})};
  EXPECT_THAT(format_reports({one}, ReportFormat::kJson), HasSubstr("\"schema\": 1"));
  EXPECT_THROW(format_reports({one, one}, ReportFormat::kJson), Error);
}

TEST(TableReport, HasNoMarkdown) {
  const std::string text = format_table({{"a", sample_report({throughput_case(1, "sdpa", kFast)})}});
  EXPECT_THAT(text, HasSubstr("100 [99, 101]"));
  EXPECT_THAT(text, Not(HasSubstr("| ---")));
}

TEST(Charts, DrawOneBarForEveryValue) {
  const BarChart chart{"A <b> & c",
                       "ms",
                       {"x", "y"},
                       {{"g", {Bar{2, Interval{1, 3}}, std::nullopt}}, {"h", {Bar{1, {}}, Bar{4, {}}}}},
                       false};
  const std::string svg = render_svg(chart);
  EXPECT_THAT(svg, HasSubstr("A &lt;b&gt; &amp; c (ms)"));
  std::size_t bars = 0;
  for (std::size_t at = svg.find("<rect"); at != std::string::npos; at = svg.find("<rect", at + 1)) ++bars;
  EXPECT_EQ(bars, 1U + 2U + 3U);  // background, legend, values
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
}

TEST(Charts, LongLegendsAreBrokenAndLongLabelsHaveRoom) {
  BarChart chart{"t", "ms", {}, {{std::string(60, 'w'), {}}}, true};
  for (int i = 0; i < 8; ++i) chart.series.push_back("preprocess_ms");
  chart.groups.front().bars.assign(8, Bar{1, {}});
  const std::string svg = render_svg(chart);
  // Every x within the picture; the label ends at the left of the plot, behind 60 wide letters.
  const double width = std::stod(svg.substr(svg.find("width=\"") + 7));
  std::set<std::string> legend_lines;
  for (std::size_t at = svg.find("<text x=\""); at != std::string::npos;
       at = svg.find("<text x=\"", at + 1)) {
    const double x = std::stod(svg.substr(at + 9));
    const std::string tail = svg.substr(at, svg.find("</text>", at) - at);
    if (tail.ends_with("preprocess_ms")) {
      EXPECT_LT(x + 13 * 7.4, width);
      legend_lines.insert(tail.substr(tail.find("y=\""), 10));
    }
    if (tail.ends_with("www")) {
      EXPECT_GT(x, 60 * 7.4);
    }
  }
  EXPECT_GT(legend_lines.size(), 1U);
}

TEST(Charts, StagesThatNobodyMeasuredAreNotInTheLegend) {
  CaseResult result;
  result.suite = SuiteName::kLatency;
  result.set("decode_ms", Distribution{{{1, 2, 3}}, {}});
  result.set("upload_ms", Missing{"not told here"});
  const auto charts = make_charts({{"a", sample_report({result})}});
  ASSERT_THAT(charts, SizeIs(1));
  EXPECT_THAT(charts.front().chart.series, ElementsAre("decode"));
  EXPECT_THAT(charts.front().chart.groups.front().bars, SizeIs(1));
}

TEST(Charts, ComeFromTheSuitesThatWereMeasured) {
  const auto charts = make_charts(
      {{"a", sample_report({throughput_case(1, "sdpa", kFast), throughput_case(4, "sdpa", kSlow)})}});
  ASSERT_THAT(charts, SizeIs(1));
  EXPECT_EQ(charts.front().file, "throughput.svg");
  EXPECT_THAT(charts.front().chart.series, ElementsAre("batch 1", "batch 4"));
  EXPECT_THAT(charts.front().chart.groups, SizeIs(1));
}

}  // namespace
}  // namespace da3::bench
