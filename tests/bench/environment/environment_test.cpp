// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <bench/environment/environment.hpp>
#include <bench/measure/machine_state.hpp>
#include <bench/report/sample_report.hpp>
#include <bench/report/warnings.hpp>
#include <core/host/host_memory.hpp>
#include <core/host/processor.hpp>

namespace da3::bench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> codes(const std::vector<Warning>& warnings) {
  std::vector<std::string> found;
  for (const Warning& each : warnings) {
    EXPECT_FALSE(each.message.empty() || each.advice.empty() || each.subject.empty());
    found.push_back(each.code);
  }
  return found;
}

#ifdef __linux__
constexpr const char* kMountV2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";

// A machine of files.
class FakeMachine : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::filesystem::path root_ =
      std::filesystem::temp_directory_path() /
      ("da3_machine_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(FakeMachine, ProcessorMemoryAndSystemAreRead) {
  write("proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Example 9000\nphysical id\t: 0\ncore id\t: 0\nflags\t: fpu avx2 fma "
        "avx512f\n\n"
        "processor\t: 1\nmodel name\t: Example 9000\nphysical id\t: 0\ncore id\t: 0\nflags\t: fpu avx2 fma "
        "avx512f\n");
  write("proc/meminfo", "MemTotal:        1024 kB\nMemFree: 10 kB\n");
  write("etc/os-release", "NAME=\"X\"\nPRETTY_NAME=\"Example OS 3\"\n");
  write("sys/class/power_supply/BAT0/type", "Battery\n");
  write("sys/class/power_supply/BAT0/status", "Discharging\n");
  write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
  const Environment e = capture_environment({"da3", "bench"}, root_);
  EXPECT_EQ(e.cpu_model, "Example 9000");
  EXPECT_EQ(e.cpu_features, core::processor().names());
  EXPECT_EQ(e.logical_cores, 2);
  EXPECT_EQ(e.physical_cores, 1);
  EXPECT_EQ(e.memory_bytes, 1024U * 1024U);
  EXPECT_EQ(e.os, "Example OS 3");
  EXPECT_EQ(e.power_source, "battery");
  EXPECT_EQ(e.cpu_governor, "powersave");
  EXPECT_THAT(e.command_line, ElementsAre("da3", "bench"));
  EXPECT_EQ(e.date_utc.size(), 20U);
}

TEST_F(FakeMachine, LimitsOfControlGroupsVersion2AreRead) {
  write("proc/self/cgroup", "0::/job\n");
  write("proc/self/mountinfo", kMountV2);
  write("sys/fs/cgroup/job/cpu.max", "150000 100000\n");
  write("sys/fs/cgroup/job/memory.max", "max\n");
  write("sys/fs/cgroup/job/memory.high", "max\n");
  write("sys/fs/cgroup/job/memory.current", "1024\n");
  const Environment e = capture_environment({}, root_);
  EXPECT_EQ(e.cgroup_cpu_limit, 1.5);
  EXPECT_FALSE(e.cgroup_memory_limit_bytes);
}

TEST_F(FakeMachine, LimitsOfParentGroupsAndMemoryHighCount) {
  write("proc/self/cgroup", "0::/slice/job\n");
  write("proc/self/mountinfo", kMountV2);
  write("proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: 1048576 kB\n");
  write("sys/fs/cgroup/slice/cpu.max", "250000 100000\n");
  write("sys/fs/cgroup/slice/job/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/slice/memory.max", "9000000\n");
  write("sys/fs/cgroup/slice/memory.high", "8000000\n");
  write("sys/fs/cgroup/slice/memory.current", "1000\n");
  write("sys/fs/cgroup/slice/job/memory.max", "max\n");
  write("sys/fs/cgroup/slice/job/memory.current", "1000\n");
  const Environment e = capture_environment({}, root_);
  EXPECT_EQ(e.cgroup_cpu_limit, 2.5);
  EXPECT_EQ(e.cgroup_memory_limit_bytes, 8000000U);
  EXPECT_EQ(e.cgroup_memory_limit_bytes, core::host_memory(root_).total_bytes);  // What the planner obeys
}

TEST_F(FakeMachine, LimitsOfControlGroupsVersion1AreRead) {
  write("proc/self/cgroup", "5:memory:/box\n4:cpu,cpuacct:/box\n0::/\n");
  write("proc/self/mountinfo",
        "31 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
        "32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "8192\n");
  write("sys/fs/cgroup/memory/box/memory.usage_in_bytes", "1024\n");
  write("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "200000\n");
  write("sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "4096\n");
  const Environment e = capture_environment({}, root_);
  EXPECT_EQ(e.cgroup_cpu_limit, 2.0);
  EXPECT_EQ(e.cgroup_memory_limit_bytes, 4096U);
}

TEST_F(FakeMachine, AMachineThatTellsNothingGivesNothing) {
  const Environment e = capture_environment({}, root_);
  EXPECT_TRUE(e.cpu_model.empty());
  EXPECT_FALSE(e.cgroup_cpu_limit);
  EXPECT_TRUE(e.power_source.empty());
  const MachineState state = read_machine_state(root_);
  EXPECT_FALSE(state.busy_core_seconds || state.swapped_pages || state.throttle_events ||
               state.quota_wait_seconds);
}

TEST_F(FakeMachine, CountersOfTheStateAreRead) {
  write("proc/stat", "cpu  100 50 50 9999 9999 0 0 0 7 7\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
  write("proc/uptime", "500.25 900.00\n");
  write("proc/vmstat", "pswpin 3\npswpout 4\n");
  write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "2\n");
  write("proc/self/cgroup", "0::/job\n");
  write("proc/self/mountinfo", kMountV2);
  write("sys/fs/cgroup/cpu.stat", "usage_usec 5\nthrottled_usec 1500000\n");
  write("sys/fs/cgroup/job/cpu.stat", "usage_usec 5\nthrottled_usec 500000\n");
  const MachineState state = read_machine_state(root_);
  EXPECT_NEAR(*state.busy_core_seconds, 200.0 / static_cast<double>(sysconf(_SC_CLK_TCK)), 1e-9);
  EXPECT_EQ(state.uptime_seconds, 500.25);
  EXPECT_EQ(state.swapped_pages, 7U);
  EXPECT_EQ(state.throttle_events, 2U);
  EXPECT_EQ(state.quota_wait_seconds, 2.0);
}
#endif

TEST(Environment, TheLimitOfThisMachineIsTheOneThePlannerObeys) {
  const Environment e = capture_environment({});
  EXPECT_GE(e.memory_bytes, core::host_memory().total_bytes);
  EXPECT_GE(e.cgroup_memory_limit_bytes.value_or(e.memory_bytes), core::host_memory().total_bytes);
  EXPECT_GE(e.allowed_cores.value_or(e.logical_cores), core::usable_cores());
  EXPECT_TRUE(e.same_machine(capture_environment({})));
}

TEST(Environment, OtherProcessorOrAcceleratorIsAnotherMachine) {
  const Environment a = sample_report({}).environment;
  Environment b = a;
  b.date_utc = "later";
  EXPECT_TRUE(a.same_machine(b));
  b.devices.push_back({"cuda:0", "Card", "", std::nullopt});
  EXPECT_FALSE(a.same_machine(b));
  EXPECT_FALSE(a.same_machine(sample_report({}, "Other").environment));
}

TEST(Warnings, NoiseAndFewRunsAreNamed) {
  EXPECT_THAT(judge_case(throughput_case(1, "sdpa", {{100, 101}, {102}})), IsEmpty());
  EXPECT_THAT(codes(judge_case(throughput_case(1, "sdpa", {{100, 150}, {200}}))), ElementsAre("noise"));
  EXPECT_THAT(codes(judge_case(throughput_case(1, "sdpa", {{100, 101}}))), ElementsAre("few_runs"));
}

TEST(Warnings, AColdStartThatWasNotColdIsNamed) {
  CaseResult cold = throughput_case(1, "sdpa", {{100, 101}, {102}});
  cold.facts.set("page_cache_dropped", true);
  EXPECT_THAT(judge_case(cold), IsEmpty());
  cold.facts.set("page_cache_dropped", false);
  cold.set("cached_share", 0.956);
  const std::vector<Warning> warnings = judge_case(cold);
  EXPECT_THAT(codes(warnings), ElementsAre("page_cache"));
  EXPECT_THAT(warnings.front().message, testing::HasSubstr("kept 96 % of the model's file"));
}

TEST(Warnings, BuildsAndSettingsThatSpoilFiguresAreNamed) {
  const Report report = sample_report({});
  EXPECT_THAT(judge_environment(report.tool, report.environment), IsEmpty());
  ToolInfo debug = report.tool;
  debug.build_type = "Debug";
  Environment e = report.environment;
  e.power_source = "battery";
  e.cpu_governor = "powersave";
  e.threads = 8;
  EXPECT_THAT(codes(judge_environment(debug, e)),
              ElementsAre("debug_build", "battery", "governor", "oversubscribed"));
}

TEST(Warnings, DisturbancesAreNamed) {
  const MachineState before{100.0, 50.0, 1000.0, 5, 1, 0.0};
  EXPECT_THAT(judge_disturbance(before, {120.0, 70.0, 1010.0, 5, 1, 0.0}), IsEmpty());
  EXPECT_THAT(codes(judge_disturbance(before, {125.0, 70.0, 1010.0, 9, 2, 1.0})),
              ElementsAre("foreign_load", "swap", "throttling", "quota"));
  EXPECT_THAT(judge_disturbance({}, {}), IsEmpty());
}

}  // namespace
}  // namespace da3::bench
