// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include <bench/report/schema_check.hpp>
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
  // One thread: two that wait for each other take minutes where other tests run next to them. Small sizes:
  // what is measured does not matter.
  const Ended quick =
      place->run({"bench", "--quick", "--device", "cpu", "--threads", "1", "--process-res", "112",
                  "--image-size", "320x240", "--tokens", "65,257", "--warmup", "0", "-o", "quick.json"});
  ASSERT_EQ(quick.code, 0) << quick.err;
  const nlohmann::json report = read_json(*place / "quick.json");
  std::ifstream schema(std::string(DA3_SOURCE_DIR) + "/docs/bench-schema-1.json");
  EXPECT_THAT(bench::schema_problems(report, nlohmann::json::parse(schema)), IsEmpty());
  EXPECT_THAT(bench::suites_without_done_case(report), IsEmpty());

  const Ended text = place->run({"bench", "report", "quick.json", "--charts", "charts"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("## Recommendations\n\n- da3-small"));
  EXPECT_THAT(files_below(*place / "charts"), ::testing::Contains("throughput.svg"));

  const Ended same =
      place->run({"bench", "compare", "quick.json", "quick.json", "--fail-on", "forward_ms.median>5%"});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("no difference shown"));
  const Ended json = place->run({"bench", "compare", "quick.json", "quick.json", "--format", "json"});
  EXPECT_FALSE(nlohmann::json::parse(json.out).at("failed").get<bool>());
}

TEST_F(BenchCommand, DryRunListsCasesWithoutMeasuring) {
  const Ended plan =
      place->run({"bench", "--dry-run", "--suite", "throughput", "-m", "da3-giant", "--batch", "3"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("model da3-giant"));
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

TEST_F(BenchCommand, NothingButSkippedCasesExitsWithFour) {
  const std::vector<std::string> bench{"bench", "--suite",   "throughput", "--process-res", "56", "--batch",
                                       "1",     "--threads", "1",          "--runs",        "1",  "--device",
                                       "cpu"};
  const auto in = [&](const std::string& precisions) {
    std::vector<std::string> args = bench;
    args.insert(args.end(),
                {"--rounds", "1", "--warmup", "0", "--precision", precisions, "-o", "skipped.json"});
    return place->run(args);
  };
  const Ended none = in("fp16");
  EXPECT_EQ(none.code, 4) << none.err;
  EXPECT_THAT(none.err, HasSubstr("nothing was measured: "));
  EXPECT_THAT(none.err, HasSubstr("fp16"));
  EXPECT_EQ(read_json(*place / "skipped.json").at("cases").at(0).at("status"), "skipped");
  EXPECT_EQ(in("fp16,fp32").code, 0);
}

// The second case takes minutes, so that the signal always comes in time.
TEST_F(BenchCommand, AnInterruptKeepsFinishedCases) {
  const std::string report = (*place / "interrupted.json").string();
  const std::string script =
      std::string("\"") + DA3_PROGRAM +
      "\" bench --suite attention --tokens 32,5330 --attention sdpa --runs 300 --threads 1 "
      "--device cpu -o " +
      report + " -q & p=$!; while ! [ -s " + report +
      " ] && kill -0 $p; do sleep 0.1; done; kill -TERM $p; wait $p";
  const int status = std::system(script.c_str());
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 143);
  const nlohmann::json cases = read_json(report).at("cases");
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_EQ(cases[0]["status"], "done");
  EXPECT_EQ(cases[0]["settings"]["tokens"], 32);
}

// The bundled model against what it said itself, rounded to millimetres.
TEST_F(BenchCommand, ADatasetJudgesByMeasuredDepth) {
  std::filesystem::create_directories(*place / "rooms/colour");
  write_picture(*place / "rooms/colour/a.ppm", 96, 64, 1);
  write_picture(*place / "rooms/colour/b.ppm", 64, 96, 2);
  const Ended depth = place->run({"infer", "rooms/colour", "-o", "rooms/depth", "--format", "png16", "-q"});
  ASSERT_EQ(depth.code, 0) << depth.err;
  const std::filesystem::path prefix = std::filesystem::path(DA3_PROGRAM).parent_path().parent_path();
  const std::string model = (prefix / "share/da3/models/starter/fastdepth.pt").string();
  const std::vector<std::string> bench{"bench", "--suite",  "accuracy", "--dataset", "rooms",     "-m",
                                       model,   "--device", "cpu",      "-o",        "rooms.json"};
  const Ended without = place->run(bench);
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.err, HasSubstr("rooms/scale.txt is missing"));

  std::ofstream(*place / "rooms/scale.txt") << "1000\n";
  const Ended judged = place->run(bench);
  ASSERT_EQ(judged.code, 0) << judged.err;
  const nlohmann::json result = read_json(*place / "rooms.json").at("cases").at(0);
  ASSERT_EQ(result.at("status"), "done") << result;
  EXPECT_EQ(result["settings"]["attention"], "fixed");
  EXPECT_EQ(result["facts"]["pictures"], 2);
  // Half a millimetre of some metres.
  EXPECT_LT(result["metrics"]["abs_rel"].get<double>(), 1e-3);
  EXPECT_LE(result["metrics"]["rmse_m"].get<double>(), 1e-3);
  EXPECT_EQ(result["metrics"]["delta1"], 1.0);
}

// A worker in shell whose forwards take the milliseconds that are written into it, however long they take: no
// clock decides what these tests see of it.
// It answers for as many cases as any group here has.
std::string fake_program(const Workplace& place, const std::string& name, const std::string& ms) {
  const Ended hello = place.run({"bench", "worker"});
  const auto three = [](const std::string& item) { return "[" + item + "," + item + "," + item + "]"; };
  const std::string opened = three(R"({"facts":{},"failure":null})");
  const std::string measured =
      three(R"({"values":{"decode_ms":[)" + ms + R"(],"preprocess_ms":[)" + ms + R"(]},"failure":null})");
  const std::filesystem::path file = place / name;
  std::ofstream(file) << "#!/bin/sh\ncat <<'END'\n"
                      << hello.out.substr(0, hello.out.find('\n'))
                      << "\nEND\nwhile read -r line; do\n  case \"$line\" in\n"
                      << "  *open*) echo '{\"ok\":true,\"cases\":" << opened << "}';;\n"
                      << "  *round*) echo '{\"ok\":true,\"cases\":" << measured << ",\"calibration\":{}}';;\n"
                      << "  *) echo '{\"ok\":false,\"error\":\"not known here\"}';;\n  esac\ndone\n";
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return file.string();
}

// Against a program that takes a nanosecond anything is slower, against one that takes days nothing is.
TEST_F(BenchCommand, ARegressionAgainstAnotherProgramExitsFive) {
  const std::string quick = fake_program(*place, "quick-program", "1e-6,1e-6,1e-6");
  const Ended slow =
      place->run({"bench", "--against", quick, "--suite", "preprocess", "--image-size", "640x480", "--device",
                  "cpu", "--rounds", "3", "--fail-on", "preprocess_ms.median>5%", "-o", "against.json"});
  EXPECT_EQ(slow.code, 5) << slow.err;
  EXPECT_THAT(slow.out, HasSubstr("BEYOND THE LIMIT"));
  EXPECT_THAT(slow.err, HasSubstr("3 rounds of both programs"));
  const nlohmann::json base = read_json(*place / "against.base.json");
  ASSERT_FALSE(base.at("cases").empty());
  EXPECT_EQ(base["cases"][0]["metrics"]["preprocess_ms"]["rounds"], nlohmann::json::parse("[3,3,3]"));
  const nlohmann::json now = read_json(*place / "against.json");
  EXPECT_TRUE(now["environment"]["libraries"]["libtorch"].is_string());
  EXPECT_FALSE(now["environment"]["devices"].empty());
  EXPECT_EQ(now["cases"][0]["metrics"]["preprocess_ms"]["rounds"], nlohmann::json::parse("[3,3,3]"));
}

TEST_F(BenchCommand, AgainstASlowerProgramThereIsNoRegression) {
  const std::string slow = fake_program(*place, "slow-program", "1e9");
  const Ended fast = place->run({"bench", "--against", slow, "--suite", "preprocess", "--image-size",
                                 "640x480", "--device", "cpu", "--rounds", "3", "--runs", "3", "--fail-on",
                                 "preprocess_ms.median>5%", "--format", "json"});
  EXPECT_EQ(fast.code, 0) << fast.err;
  const nlohmann::json comparison = nlohmann::json::parse(fast.out);
  EXPECT_FALSE(comparison.at("failed").get<bool>());
  EXPECT_EQ(comparison["cases"][0]["metrics"][1]["verdict"], "faster");
}

}  // namespace
}  // namespace da3::testing
