// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <bench/compare/compare.hpp>
#include <bench/compare/comparison_text.hpp>
#include <bench/presentation/charts.hpp>
#include <bench/presentation/report_text.hpp>
#include <bench/report/report_json.hpp>
#include <bench/report/sample_report.hpp>
#include <bench/report/schema_check.hpp>
#include <bench/report/warnings.hpp>

namespace da3::bench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

nlohmann::json schema() {
  std::ifstream file(std::string(DA3_SOURCE_DIR) + "/docs/bench-schema-1.json");
  return nlohmann::json::parse(file);
}

Report full_report() {
  Report report = sample_report({throughput_case(4, "sdpa", {{340, 345}, {338}, {342}})});
  CaseResult failed = throughput_case(8, "manual", {{kNan, 900.0}});
  failed.status = CaseStatus::kFailed;
  failed.reason = "out of memory";
  failed.set("efficiency", std::numeric_limits<double>::infinity());
  failed.facts = {{"tokens", std::int64_t{721}}, {"backend", "flash"}, {"best", true}, {"share", 0.25}};
  report.cases.push_back(failed);
  report.warnings.push_back({"noise", "throughput", "spreads", "give more --runs"});
  report.plan.options = {{"models", "da3-small"}, {"quick", true}, {"budget_s", 240.0}};
  report.plan.left_out.push_back({SuiteName::kSoak, {{"model", "da3-small"}}, "beyond the budget"});
  report.environment.command_line.push_back(
      "bad\xFF"
      "bytes");
  return report;
}

TEST(ReportJson, WhatIsPassedOnNamesFilesNotFolders) {
  Report report = full_report();
  report.environment.command_line = {"/usr/bin/da3",      "bench",     "-m", "/home/me/a.pt,/home/me/b.pt",
                                     "--photos=/p/x.jpg", "da3-small", "-o", "r.json"};
  report.plan.options.set("models", std::string("/home/me/a.pt,da3-small"));
  report.cases.front().settings.set("model", std::string("/home/me/a.pt"));
  const Report shown = without_folders(report);
  EXPECT_THAT(shown.environment.command_line,
              ElementsAre("da3", "bench", "-m", "a.pt,b.pt", "--photos=x.jpg", "da3-small", "-o", "r.json"));
  EXPECT_EQ(shown.plan.options.text("models"), "a.pt,da3-small");
  EXPECT_EQ(shown.cases.front().settings.text("model"), "a.pt");
  EXPECT_EQ(shown.cases.front().settings.number("batch"), report.cases.front().settings.number("batch"));
  EXPECT_THAT(to_json_text(shown), Not(HasSubstr("/home/me")));
}

TEST(ReportJson, ReasonsAndWarningsNameFilesNotFolders) {
  Report report = full_report();
  CaseResult& done = report.cases.front();
  done.settings.set("model", std::string("/home/me/my nets/a.pt"));
  done.facts.set("file", std::string("/home/me/x.bin"));
  done.set("first_ms", Missing{"/home/me/cold is warm"});
  report.warnings.push_back({"noise", case_name(done), "of /home/me/x", "see https://example.org/a/b"});
  report.warnings.push_back({"noise", "machine", "40 images/s and/or less", "end it (/home/me/y/)"});
  report.cases.back().reason =
      "/home/me/my nets/a.pt/data/cut.png: cut short; '/home/me/z.png', /home/me/w.png";
  report.plan.left_out.front().reason = "/home/me/z.pt: too large";
  const Report shown = without_folders(report);
  const Warning& of_case = shown.warnings[shown.warnings.size() - 2];
  EXPECT_EQ(of_case.subject, case_name(shown.cases.front()));
  EXPECT_THAT(of_case.subject, HasSubstr("model=a.pt"));
  EXPECT_EQ(of_case.message, "of x");
  EXPECT_EQ(of_case.advice, "see https://example.org/a/b");
  EXPECT_EQ(shown.warnings.back().message, "40 images/s and/or less");
  EXPECT_EQ(shown.warnings.back().advice, "end it (y)");
  EXPECT_EQ(shown.cases.back().reason, "cut.png: cut short; 'z.png', w.png");
  EXPECT_EQ(shown.plan.left_out.front().reason, "z.pt: too large");
  EXPECT_THAT(to_json_text(shown), Not(HasSubstr("/home")));
}

TEST(ReportJson, KeepsTheSchema) {
  EXPECT_THAT(schema_problems(nlohmann::json::parse(to_json_text(full_report())), schema()), IsEmpty());
  EXPECT_THAT(schema_problems(nlohmann::json::parse(to_json_text(Report{})), schema()), IsEmpty());
}

TEST(ReportJson, SchemaNoticesWhatIsWrong) {
  nlohmann::json object = nlohmann::json::parse(to_json_text(full_report()));
  object["cases"][0]["metrics"]["forward_ms"].erase("median");
  object["cases"][0]["status"] = "perhaps";
  object["tool"].erase("version");
  object["environment"]["threads"] = "two";
  EXPECT_THAT(schema_problems(object, schema()),
              testing::UnorderedElementsAre(HasSubstr("lacks median"), HasSubstr("status is none of"),
                                            HasSubstr("lacks version"), HasSubstr("threads is \"two\"")));
}

TEST(ReportJson, SuitesThatHaveNoDoneCaseAreFound) {
  const nlohmann::json object = nlohmann::json::parse(to_json_text(full_report()));
  EXPECT_THAT(suites_without_done_case(object),
              ElementsAre("latency", "load", "preprocess", "attention", "batching", "folder", "accuracy"));
  nlohmann::json failed = object;
  for (nlohmann::json& each : failed["cases"]) each["status"] = "failed";
  EXPECT_THAT(suites_without_done_case(failed), Contains("throughput"));
}

TEST(ReportJson, NeverHoldsNumbersThatAreNotFinite) {
  const std::string text = to_json_text(full_report());
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("inf")));
  const nlohmann::json object = nlohmann::json::parse(text);
  EXPECT_TRUE(object["cases"][1]["metrics"]["efficiency"].is_null());
  EXPECT_TRUE(object["cases"][1]["metrics"]["forward_ms"]["samples"][0].is_null());
  EXPECT_EQ(object["cases"][1]["metrics"]["forward_ms"]["n"], 1);
}

TEST(ReportJson, KeepsRawSamplesAndTheirRounds) {
  const nlohmann::json forward =
      nlohmann::json::parse(to_json_text(full_report()))["cases"][0]["metrics"]["forward_ms"];
  EXPECT_THAT(forward["samples"].get<std::vector<double>>(), ElementsAre(340, 345, 338, 342));
  EXPECT_THAT(forward["rounds"].get<std::vector<int>>(), ElementsAre(2, 1, 1));
  EXPECT_EQ(forward["median"], 341.0);
  EXPECT_EQ(forward["first"], 400.0);
  EXPECT_TRUE(forward["p99"].is_null());
}

TEST(ReportJson, SaysWhyAMetricIsMissing) {
  const nlohmann::json first = nlohmann::json::parse(to_json_text(full_report()))["cases"][0];
  EXPECT_TRUE(first["metrics"]["peak_device_bytes"].is_null());
  EXPECT_EQ(first["missing"]["peak_device_bytes"], "a CPU has no separate memory");
}

TEST(ReportJson, ReadsBackWhatItWrote) {
  Report report = full_report();
  report.environment.command_line.pop_back();
  const std::string text = to_json_text(report);
  EXPECT_EQ(to_json_text(parse_report(text, "a.json")), text);
}

TEST(ReportJson, RefusesWhatIsNoReport) {
  for (const char* text : {"", "[]", "{}", R"({"schema":2})", R"({"schema":1})",
                           R"({"schema":1,"cases":[{"suite":"x","status":"done"}]})",
                           R"({"schema":1,"cases":[{"suite":"load","status":"perhaps"}]})",
                           R"({"schema":1,"cases":[{"suite":"load","status":"done","metrics":{"a":{}}}]})"}) {
    try {
      parse_report(text, "a.json");
      ADD_FAILURE() << text << " was taken as a report";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_THAT(error.what(), testing::StartsWith("a.json is not a benchmark report"));
    }
  }
}

class ReportFileTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("da3_bench_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(ReportFileTest, ReplacesNothingThatBenchDidNotWrite) {
  const std::filesystem::path file = folder_ / "r.json";
  const auto put = [&](const std::string& text) { std::ofstream(file, std::ios::binary) << text; };
  const auto kept = [&] {
    std::ifstream stream(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  for (const std::string text :
       {"\x89PNG\r\n\x1a\n", "my notes\n", "{\"a\": 1}\n", "## Title\n", "P5 1 1 255\nx",
        "suite,room,price\nA,1,2\n", "{\n \"schema\": \"mine\"\n}\n",
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 512 512\"></svg>\n"}) {
    put(text);
    try {
      write_file(file, "new");
      ADD_FAILURE() << text << " was replaced";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kOutputExists) << text;
    }
    EXPECT_EQ(kept(), text);
  }
  const Report report = full_report();
  const Comparison comparison = compare_reports(report, report, {});
  std::vector<std::string> own{"", nlohmann::json::parse(to_json_text(report)).dump()};
  for (const ReportFormat format :
       {ReportFormat::kTable, ReportFormat::kMarkdown, ReportFormat::kJson, ReportFormat::kCsv}) {
    own.push_back(format_reports({{"r", report}}, format));
    own.push_back(format_comparison(comparison, format));
  }
  for (const NamedChart& each : make_charts({{"r", report}})) own.push_back(render_svg(each.chart));
  for (const std::string& text : own) {
    put(text);
    EXPECT_NO_THROW(write_file(file, "new")) << text;
    EXPECT_EQ(kept(), "new");
  }
}

TEST_F(ReportFileTest, SavesWholeAndLeavesNothingElse) {
  const std::filesystem::path file = folder_ / "r.json";
  save_report(sample_report({}), file);
  save_report(full_report(), file);
  EXPECT_EQ(load_report(file).cases.size(), 2U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(ReportFileTest, FailsWithTheReasonWhereItCannotWrite) {
  EXPECT_THROW(save_report(full_report(), folder_ / "absent" / "r.json"), Error);
  std::filesystem::create_directories(folder_ / "r.json" / "x");
  try {
    save_report(full_report(), folder_ / "r.json");
    ADD_FAILURE() << "a folder was replaced";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutputFailed);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

}  // namespace
}  // namespace da3::bench
