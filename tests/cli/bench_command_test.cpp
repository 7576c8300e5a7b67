// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <bench/schema_check.hpp>
#include <cli/program.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

nlohmann::json read_json(const std::filesystem::path& file) {
  return nlohmann::json::parse(read_file(file));
}

// A place for all tests, so that the synthetic model is made once.
class BenchCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { place = new Workplace; }
  static void TearDownTestSuite() { delete place; }
  static Workplace* place;
};
Workplace* BenchCommand::place = nullptr;

TEST_F(BenchCommand, QuickMeasuresEverySuiteButSoakByTheSchema) {
  // One thread: two that wait for each other take minutes where other tests run beside them.
  const Ended quick =
      place->run({"bench", "--quick", "--device", "cpu", "--threads", "1", "-o", "quick.json"});
  ASSERT_EQ(quick.code, 0) << quick.err;
  const nlohmann::json report = read_json(*place / "quick.json");
  std::ifstream schema(std::string(DA3_SOURCE_DIR) + "/docs/bench-schema-1.json");
  EXPECT_THAT(bench::schema_problems(report, nlohmann::json::parse(schema)), IsEmpty());
  std::set<std::string> done;
  for (const nlohmann::json& each : report.at("cases")) {
    if (each.at("status") == "done") done.insert(each.at("suite").get<std::string>());
  }
  EXPECT_EQ(done, (std::set<std::string>{"throughput", "latency", "load", "preprocess", "attention",
                                         "batching", "folder", "accuracy"}));

  const Ended text = place->run({"bench", "report", "quick.json", "--charts", "charts"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("## Recommendations\n\n- da3-small"));
  EXPECT_THAT(files_below(*place / "charts"), ::testing::Contains("throughput.svg"));

  const Ended same =
      place->run({"bench", "compare", "quick.json", "quick.json", "--fail-on", "forward_ms.median>5%"});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("no difference shown"));
}

TEST_F(BenchCommand, DryRunListsCasesWithoutMeasuring) {
  const Ended plan =
      place->run({"bench", "--dry-run", "--suite", "throughput", "-m", "da3-giant", "--batch", "3"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("model=da3-giant"));
  EXPECT_THAT(plan.out, HasSubstr("2 cases"));
}

TEST_F(BenchCommand, AbsentDevicesAndModelsAreSaid) {
  const Ended device = place->run({"bench", "--quick", "--device", "cuda:77"});
  EXPECT_EQ(device.code, 4);
  EXPECT_THAT(device.err, HasSubstr("cuda:77"));
  const Ended program = place->run({"bench", "--against", "/absent/da3", "--suite", "preprocess"});
  EXPECT_EQ(program.code, 2);
  EXPECT_THAT(program.err, HasSubstr("/absent/da3"));
}

TEST_F(BenchCommand, ASlowDownOnPurposeIsFoundByAgainst) {
  ::setenv("DA3_BENCH_SLOWDOWN", "2", 1);
  const Ended slow =
      place->run({"bench", "--against", DA3_PROGRAM, "--suite", "preprocess", "--image-size", "640x480",
                  "--device", "cpu", "--fail-on", "preprocess_ms.median>5%", "-o", "against.json"});
  ::unsetenv("DA3_BENCH_SLOWDOWN");
  EXPECT_EQ(slow.code, 5) << slow.err;
  EXPECT_THAT(slow.out, HasSubstr("BEYOND THE LIMIT"));
  EXPECT_EQ(read_json(*place / "against.base.json").at("cases").size(), 1U);
}

}  // namespace
}  // namespace da3::testing
