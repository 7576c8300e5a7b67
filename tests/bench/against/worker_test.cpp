// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <bench/against/against.hpp>
#include <bench/against/worker.hpp>
#include <bench/compare/compare.hpp>
#include <bench/report/sample_report.hpp>

namespace da3::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class FakeBackend final : public WorkerBackend {
 public:
  std::vector<WorkerCase> open(const PlannedGroup& group, int warmups) override {
    said = to_text(group.cases.front().settings) + " warmups " + std::to_string(warmups);
    return {{{{"tokens", std::int64_t{721}}}, std::nullopt}, {{}, "no such device"}};
  }
  WorkerRound round(int runs) override {
    if (!values.empty()) return {{values}, {std::nullopt}, {}};
    return {{{{"forward_ms", std::vector<double>(static_cast<std::size_t>(runs), 10.0)}}, {}},
            {std::nullopt, "no such device"},
            {{"fp32_gflops", 170.0}}};
  }
  void load(const Fields&) override { throw Error(ErrorCode::kModelNotFound, "no such model"); }
  void predict() override { ++predicted; }

  std::string said;
  RoundValues values;  // Of a round, instead of those above
  int predicted = 0;
};

std::vector<nlohmann::json> answers(const std::string& requests, FakeBackend& backend) {
  std::istringstream in(requests);
  std::ostringstream out;
  const auto whole = [] {
    Environment environment = sample_report({}).environment;
    environment.libraries.libtorch = "9.8.7";
    return environment;
  };
  serve_worker(in, out, sample_report({}).tool, sample_report({}).environment, whole, backend);
  std::vector<nlohmann::json> lines;
  std::istringstream text(out.str());
  for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(ServeWorker, GreetsAndAnswersALinePerRequest) {
  FakeBackend backend;
  const auto lines =
      answers(R"({"do":"open","warmups":2,"group":{"suite":"throughput","cases":[{"model":"da3-small"}]}})"
              "\n"
              R"({"do":"round","runs":2})"
              "\n"
              R"({"do":"predict"})"
              "\n",
              backend);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[0]["worker"], 1);
  EXPECT_EQ(lines[0]["report"]["tool"]["version"], "0.1.0");
  EXPECT_EQ(backend.said, "model=da3-small warmups 2");
  EXPECT_EQ(lines[1]["cases"][0]["facts"]["tokens"], 721);
  EXPECT_EQ(lines[1]["cases"][1]["failure"], "no such device");
  EXPECT_THAT(lines[2]["cases"][0]["values"]["forward_ms"].get<std::vector<double>>(), ElementsAre(10, 10));
  EXPECT_EQ(lines[2]["calibration"]["fp32_gflops"], 170.0);
  EXPECT_EQ(backend.predicted, 1);
}

TEST(ServeWorker, TellsLibrariesAndDevicesOnlyWhenAsked) {
  FakeBackend backend;
  const auto lines = answers("{\"do\":\"environment\"}\n", backend);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_TRUE(lines[0]["report"]["environment"]["libraries"]["libtorch"].is_null());
  EXPECT_EQ(lines[1]["report"]["environment"]["libraries"]["libtorch"], "9.8.7");
}

TEST(ServeWorker, ErrorsAreAnswersAndItGoesOn) {
  FakeBackend backend;
  const auto lines = answers(
      "nonsense\n{\"do\":\"dance\"}\n{\"do\":\"load\",\"settings\":{}}\n{\"do\":\"predict\"}\n", backend);
  ASSERT_THAT(lines, SizeIs(5));
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(lines[static_cast<std::size_t>(i)]["ok"], false);
  EXPECT_THAT(lines[2]["error"].get<std::string>(), HasSubstr("dance"));
  EXPECT_EQ(lines[3]["error"], "no such model");
  EXPECT_EQ(lines[4]["ok"], true);
}

// A worker in shell: greets, then gives forwards of the milliseconds that its name says.
class ScriptTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string script(const std::string& name, const std::string& body) {
    const std::filesystem::path file = folder_ / name;
    std::ofstream(file) << "#!/bin/sh\n" << body;
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file.string();
  }

  std::string worker(const std::string& name, const std::string& ms) {
    FakeBackend backend;
    const std::string hello = answers("", backend).front().dump();
    return script(name, "cat <<'END'\n" + hello + "\nEND\n" + "while read -r line; do\n  echo \"$line\" >> " +
                            (folder_ / "log").string() +
                            "\n  case \"$line\" in\n"
                            "  *environment*) echo '{\"ok\":false,\"error\":\"unknown\"}';;\n"
                            "  *open*) echo '{\"ok\":true,\"cases\":[{\"facts\":{\"from\":\"" +
                            name +
                            "\"},\"failure\":null}]}';;\n"
                            "  *) echo " +
                            name + " >> " + (folder_ / "order").string() +
                            "; echo '{\"ok\":true,\"cases\":[{\"values\":{\"forward_ms\":[" + ms +
                            "]},\"failure\":null}],\"calibration\":{}}';;\n  esac\ndone\n");
  }

  static StartWorker starts(const std::string& program) {
    return [program] { return std::make_unique<Worker>(program); };
  }

  std::string read(const std::string& name) {
    std::ifstream file(folder_ / name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  static Plan plan(PlanOptions options = {}) {
    Plan plan;
    options.side_by_side = true;
    plan.options = with_defaults(options);
    plan.groups = {{SuiteName::kThroughput,
                    {{SuiteName::kThroughput, {{"model", "da3-small"}, {"batch", std::int64_t{4}}}, 0}}}};
    return plan;
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("da3_worker_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(ScriptTest, ProgramsAlternateAndASlowerOneIsFound) {
  const SideBySide result =
      measure_against(plan(), starts(worker("base", "100")), starts(worker("now", "112")));
  EXPECT_THAT(read("order"), testing::StartsWith("base\nnow\nnow\nbase\nbase\nnow\n"));
  ASSERT_THAT(result.now.cases, SizeIs(1));
  EXPECT_EQ(result.now.cases.front().facts.text("from"), "now");
  EXPECT_THAT(result.base.cases.front().distribution("forward_ms")->rounds, SizeIs(12));
  EXPECT_EQ(result.base.cases.front().number("images_per_s"), 40.0);
  ASSERT_NE(result.base.cases.front().find("efficiency"), nullptr);
  EXPECT_TRUE(std::holds_alternative<Missing>(result.base.cases.front().find("efficiency")->value));
  // These workers do not know the request: what they greeted with stands.
  EXPECT_EQ(result.base.environment.cpu_model, "Example 9000");
  const auto limits = parse_fail_limits("forward_ms.median>5%");
  EXPECT_TRUE(compare_reports(result.base, result.now, limits, Pairing::kByRound).failed());
  EXPECT_FALSE(compare_reports(result.base, result.base, limits, Pairing::kByRound).failed());
}

// An unknown model, say: what the first program refuses costs no time of the second.
TEST_F(ScriptTest, WhatOneProgramCannotRunTheOtherIsNotAsked) {
  FakeBackend backend;
  const std::string hello = answers("", backend).front().dump();
  const std::string refuses =
      script("refuses",
             "cat <<'END'\n" + hello +
                 "\nEND\nwhile read -r line; do\n  case \"$line\" in\n"
                 "  *environment*) echo '{\"ok\":false,\"error\":\"unknown\"}';;\n"
                 "  *open*) echo '{\"ok\":true,\"cases\":[{\"facts\":{},\"failure\":\"no such model\"}]}';;\n"
                 "  *) echo '{\"ok\":true,\"cases\":[{\"values\":{},\"failure\":\"no such model\"}],"
                 "\"calibration\":{}}';;\n  esac\ndone\n");
  const SideBySide result = measure_against(plan(), starts(refuses), starts(worker("now", "100")));
  EXPECT_EQ(read("order"), "");  // `now` measured no round
  ASSERT_THAT(result.base.cases, SizeIs(1));
  EXPECT_EQ(result.base.cases.front().status, CaseStatus::kFailed);
  EXPECT_EQ(result.base.cases.front().reason, "no such model");
  ASSERT_THAT(result.now.cases, SizeIs(1));
  EXPECT_EQ(result.now.cases.front().status, CaseStatus::kFailed);
  EXPECT_EQ(result.now.cases.front().reason, "not compared: the other program failed");
}

TEST_F(ScriptTest, RunsSpreadOverTheRoundsAskedFor) {
  PlanOptions options;
  options.rounds = 2;
  options.runs = 5;
  std::vector<std::pair<int, int>> told;
  AgainstHooks hooks;
  hooks.on_round = [&](const AgainstProgress& p) { told.emplace_back(p.rounds_done, p.rounds); };
  measure_against(plan(options), starts(worker("base", "100")), starts(worker("now", "100")), hooks);
  EXPECT_THAT(told, ElementsAre(std::pair{0, 2}, std::pair{1, 2}, std::pair{2, 2}));
  const std::string log = read("log");
  EXPECT_THAT(log, HasSubstr("{\"do\":\"round\",\"runs\":3}"));
  EXPECT_THAT(log, HasSubstr("{\"do\":\"round\",\"runs\":2}"));
}

TEST_F(ScriptTest, LeastTimeAddsRounds) {
  PlanOptions options;
  options.rounds = 2;
  options.runs = 2;
  options.min_time = std::chrono::milliseconds(500);
  const SideBySide result =
      measure_against(plan(options), starts(worker("base", "100")), starts(worker("now", "200")));
  EXPECT_THAT(result.base.cases.front().distribution("forward_ms")->rounds, SizeIs(5));
  EXPECT_THAT(result.now.cases.front().distribution("forward_ms")->rounds, SizeIs(5));
}

TEST_F(ScriptTest, InterruptKeepsWholeRounds) {
  int asked = 0;
  AgainstHooks hooks;
  hooks.interrupted = [&] { return ++asked > 2; };
  const SideBySide result =
      measure_against(plan(), starts(worker("base", "100")), starts(worker("now", "100")), hooks);
  EXPECT_TRUE(result.interrupted);
  EXPECT_THAT(result.base.cases.front().distribution("forward_ms")->rounds, SizeIs(2));
  EXPECT_THAT(result.now.cases.front().distribution("forward_ms")->rounds, SizeIs(2));
}

TEST_F(ScriptTest, InterruptBeforeTheFirstRoundLeavesNoCase) {
  AgainstHooks hooks;
  hooks.interrupted = [] { return true; };
  const SideBySide result =
      measure_against(plan(), starts(worker("base", "100")), starts(worker("now", "100")), hooks);
  EXPECT_TRUE(result.interrupted);
  EXPECT_THAT(result.now.cases, testing::IsEmpty());
}

TEST_F(ScriptTest, ProgramsThatAreNoWorkerAreRefused) {
  EXPECT_THROW(Worker((folder_ / "absent").string()), Error);
  EXPECT_THROW(Worker(script("silent", "exit 0\n")), Error);
  EXPECT_THROW(Worker(script("chatty", "echo hello\n")), Error);
  EXPECT_THROW(Worker(script("newer", "echo '{\"worker\":2,\"report\":{}}'\n")), Error);
}

TEST_F(ScriptTest, ValuesThatAreNotKnownTravel) {
  FakeBackend backend;
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  backend.values = {{"forward_ms", {10.0, 11.0}}, {"peak_tensor_bytes", {unknown, unknown}}};
  const auto lines = answers("{\"do\":\"round\",\"runs\":2}\n", backend);
  const std::string script_text = "cat <<'END'\n" + lines[0].dump() + "\n" + lines[1].dump() +
                                  "\nEND\ncat > " + (folder_ / "asked").string() + "\n";
  Worker worker(script("unknowing", script_text));
  const WorkerRound round = worker.round(2);
  EXPECT_THAT(round.cases[0].at("forward_ms"), ElementsAre(10, 11));
  EXPECT_THAT(round.cases[0].at("peak_tensor_bytes"), ElementsAre(testing::IsNan(), testing::IsNan()));
}

TEST_F(ScriptTest, AnAnswerThatIsNoRoundIsAnError) {
  FakeBackend backend;
  Worker worker(script("odd", "cat <<'END'\n" + answers("", backend).front().dump() +
                                  "\nEND\nread -r line\necho '{\"ok\":true,\"cases\":[{\"values\":3}]}'\n"));
  EXPECT_THROW(worker.round(1), Error);
}

TEST_F(ScriptTest, AWorkerThatDiesIsAnErrorNotTheEnd) {
  FakeBackend backend;
  Worker dying(script("dying", "cat <<'END'\n" + answers("", backend).front().dump() + "\nEND\n"));
  EXPECT_THROW(dying.predict(), Error);
}

TEST_F(ScriptTest, VariablesCanBeHiddenFromAProgram) {
  setenv("DA3_TEST_HIDDEN", "secret", 1);
  const std::string program = script("env", "echo \"<$DA3_TEST_HIDDEN>\"\n");
  ChildProcess seen({program});
  EXPECT_EQ(seen.read_line(), "<secret>");
  ChildProcess hidden({program}, {"DA3_TEST_HIDDEN"});
  EXPECT_EQ(hidden.read_line(), "<>");
  unsetenv("DA3_TEST_HIDDEN");
}

TEST(PlannedLimits, AreRefusedBeforeAnythingIsMeasured) {
  const auto refusal = [](const std::string& limit, int rounds, SuiteName suite = SuiteName::kThroughput) {
    Plan plan;
    plan.options.side_by_side = true;
    plan.options.rounds = rounds;
    plan.options = with_defaults(plan.options);
    plan.groups = {{suite, {{suite, {}, 0}}}};
    try {
      require_limits(plan, parse_fail_limits(limit));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("taken");
  };
  EXPECT_EQ(refusal("forward_ms.median>5%,forward.p90>5%,peak_rss_bytes>5%,images_per_s<5%", 2), "taken");
  EXPECT_EQ(refusal("view_ms>5%", 2, SuiteName::kScene), "taken");
  EXPECT_THAT(refusal("forward_mss.median>5%", 2),
              HasSubstr("no suite of this run has the metric forward_mss"));
  EXPECT_THAT(refusal("forward_ms>5%", 2), HasSubstr("such as forward_ms.median"));
  EXPECT_THAT(refusal("images_per_s.median<5%", 2), HasSubstr("leave .median out"));
  EXPECT_THAT(refusal("forward_ms.median>5%", 1), HasSubstr("--rounds 2"));
  EXPECT_EQ(refusal("peak_rss_bytes>5%", 1), "taken") << "one number needs no rounds";
  EXPECT_THAT(refusal("total_ms.median>5%", 5, SuiteName::kSoak), HasSubstr("single round"));
  EXPECT_THAT(refusal("forward_ms.p99>5%", 12), HasSubstr("p99 needs 100 values"));
}

}  // namespace
}  // namespace da3::bench
