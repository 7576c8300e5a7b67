// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <suites/fake_context.hpp>
#include <suites/group_session.hpp>
#include <testing/files.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::suites {
namespace {

class NoBackend final : public bench::WorkerBackend {
 public:
  std::vector<bench::WorkerCase> open(const bench::PlannedGroup&, int) override { return {}; }
  bench::WorkerRound round(int) override { return {}; }
  void load(const bench::Fields&) override {}
  void predict() override {}
};

std::string greeting() {
  std::istringstream nothing;
  std::ostringstream out;
  NoBackend backend;
  bench::serve_worker(nothing, out, {}, {}, [] { return bench::Environment{}; }, backend);
  return out.str();
}

// A program that says yes to every request and writes down when it starts and ends.
std::string program_that_notes(const da3::testing::TemporaryFolder& folder) {
  const std::string log = (folder.path() / "log").string();
  const std::filesystem::path file = folder.write(
      "program", "#!/bin/sh\necho start >> " + log + "\ncat <<'END'\n" + greeting() +
                     "END\nwhile read -r line; do echo '{\"ok\":true}'; done\necho end >> " + log + "\n");
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return file.string();
}

// The pages of a file that a process has mapped cannot be dropped, so a start of this group that lives on
// would make the next cold one warm.
TEST(Load, NoStartedProcessOutlivesItsRun) {
  const da3::testing::TemporaryFolder folder;
  const std::string program = program_that_notes(folder);
  FakeMachine machine;
  machine.context.model_file = [&](const std::string&) {
    return ModelFile{folder.write("model.pt", "weights"), {}};
  };
  machine.context.start_worker = [&] { return std::make_unique<bench::Worker>(program); };
  bench::PlannedGroup group{bench::SuiteName::kLoad, {}};
  for (const char* cache : {"cold", "warm"}) {
    group.cases.push_back({group.suite, {{"model", "da3-small"}, {"cache", cache}}, 0});
  }
  const auto results = measure_group(group, machine.context, {.warmups = 1, .rounds = 2, .runs = 2});
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].status, bench::CaseStatus::kDone) << results[0].reason;
  std::string wanted;
  for (int i = 0; i < 2 * 3; ++i) wanted += "start\nend\n";
  EXPECT_EQ(da3::testing::read_file(folder.path() / "log"), wanted);
}

}  // namespace
}  // namespace da3::suites
