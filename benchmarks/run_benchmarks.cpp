// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <string>

#include <benchmark/benchmark.h>
#include <benchmarks/run_benchmarks.hpp>
#include <nlohmann/json.hpp>

#include <bench/report/report_json.hpp>

namespace da3::benchmarks {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Objects become "outer.inner"; lists stay one value, as JSON. Null: not known, left out.
void add_to_context(const std::string& name, const Json& value) {
  if (value.is_null()) return;
  if (!value.is_object()) {
    benchmark::AddCustomContext(name, text_of(value));
    return;
  }
  for (const auto& [key, inner] : value.items()) add_to_context(name + "." + key, inner);
}

// Through an empty report, so that the fields are those of `da3 bench`, whatever they are.
void add_environment(int argc, char** argv, const ProgramFacts& facts) {
  bench::Report report;
  report.tool = bench::this_tool();
  report.environment = bench::capture_environment({argv, argv + argc});
  report.environment.libraries = facts.libraries;
  report.environment.devices = facts.devices;
  report.environment.threads = facts.threads;
  const Json whole = Json::parse(bench::to_json_text(report));
  add_to_context("tool", whole.at("tool"));
  add_to_context("environment", whole.at("environment"));
}

}  // namespace

int run_benchmarks(int argc, char** argv, const ProgramFacts& facts) {
  try {
    add_environment(argc, argv, facts);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace da3::benchmarks
