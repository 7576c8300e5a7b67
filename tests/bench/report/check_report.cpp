// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <bench/report/schema_check.hpp>

namespace {

nlohmann::json read_json(const char* file) {
  std::ifstream text(file);
  return nlohmann::json::parse(text);
}

}  // namespace

// check_bench_report REPORT.json SCHEMA.json: whether the report keeps the schema and every suite that runs
// by default has a case that is done. Exit 1 with what is wrong, a line each.
int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: check_bench_report REPORT.json SCHEMA.json\n", stderr);
    return 2;
  }
  try {
    const nlohmann::json report = read_json(argv[1]);
    std::vector<std::string> problems = da3::bench::schema_problems(report, read_json(argv[2]));
    for (const std::string& suite : da3::bench::suites_without_done_case(report)) {
      problems.push_back("no case of " + suite + " is done");
    }
    for (const std::string& problem : problems) std::fprintf(stderr, "%s: %s\n", argv[1], problem.c_str());
    return problems.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
    return 1;
  }
}
