// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <core/host/host_memory.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::core {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

std::string mib(std::uint64_t count) {
  return std::to_string(count * kMiB) + "\n";
}

/// A machine of 16 GiB with 8 GiB available, without control groups or limits.
class FakeRoot : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef __APPLE__
    GTEST_SKIP() << "macOS has neither /proc nor control groups";
#endif
    root_.write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:    8388608 kB\n");
  }

  void join_v2(const std::string& group) {
    root_.write("proc/self/cgroup", "0::" + group + "\n");
    root_.write("proc/self/mountinfo",
                "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
  }

  void limit_v2(const std::string& group, std::uint64_t max_mib, std::uint64_t current_mib,
                std::uint64_t inactive_file_mib) {
    const std::string folder = "sys/fs/cgroup" + group + "/";
    root_.write(folder + "memory.max", mib(max_mib));
    root_.write(folder + "memory.high", "max\n");
    root_.write(folder + "memory.current", mib(current_mib));
    root_.write(folder + "memory.stat",
                "anon 5\nactive_file 9\ninactive_file " + mib(inactive_file_mib) + "slab 1\n");
  }

  MemoryState state() const { return host_memory(root_.path()); }

  testing::TemporaryFolder root_;
};

using HostMemory = FakeRoot;
using UsableCores = FakeRoot;

TEST_F(HostMemory, IsMemAvailableWithoutControlGroups) {
  EXPECT_EQ(state().free_bytes, 8192 * kMiB);
  EXPECT_EQ(state().total_bytes, 16384 * kMiB);
}

TEST_F(HostMemory, WithoutMeminfoIsAnError) {
  std::filesystem::remove(root_.path() / "proc/meminfo");
  try {
    state();
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDeviceUnavailable);
  }
}

TEST_F(HostMemory, ObeysVersion2AndCountsDroppablePagesAsFree) {
  join_v2("/job");
  limit_v2("/job", 2048, 1500, 500);
  EXPECT_EQ(state().free_bytes, 1048 * kMiB);
  EXPECT_EQ(state().total_bytes, 2048 * kMiB);
}

TEST_F(HostMemory, ObeysTheTightestOfNestedGroups) {
  join_v2("/outer/inner");
  limit_v2("/outer/inner", 4096, 100, 0);
  limit_v2("/outer", 3000, 2500, 0);
  EXPECT_EQ(state().free_bytes, 500 * kMiB);
  EXPECT_EQ(state().total_bytes, 3000 * kMiB);
}

TEST_F(HostMemory, VersionTwoWithoutLimitChangesNothing) {
  join_v2("/job");
  limit_v2("/job", 1, 100, 0);
  root_.write("sys/fs/cgroup/job/memory.max", "max\n");
  EXPECT_EQ(state().free_bytes, 8192 * kMiB);
}

TEST_F(HostMemory, ObeysMemoryHigh) {
  join_v2("/job");
  limit_v2("/job", 4096, 100, 0);
  root_.write("sys/fs/cgroup/job/memory.high", mib(1000));
  EXPECT_EQ(state().free_bytes, 900 * kMiB);
}

TEST_F(HostMemory, AGroupOverItsLimitHasNothingFree) {
  join_v2("/job");
  limit_v2("/job", 1000, 1200, 100);
  EXPECT_EQ(state().free_bytes, 0U);
}

TEST_F(HostMemory, ObeysVersion1InsideAContainer) {
  // Docker without cgroup name spaces: the group's path is the host's, the mount shows only the container's
  // part.
  root_.write("proc/self/cgroup", "12:cpu,cpuacct:/docker/abc\n9:memory:/docker/abc/sub\n");
  root_.write("proc/self/mountinfo",
              "30 23 0:26 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  root_.write("sys/fs/cgroup/memory/memory.limit_in_bytes", mib(1024));
  root_.write("sys/fs/cgroup/memory/memory.usage_in_bytes", mib(624));
  root_.write("sys/fs/cgroup/memory/memory.stat", "inactive_file 7\ntotal_inactive_file " + mib(100));
  root_.write("sys/fs/cgroup/memory/sub/memory.limit_in_bytes", "9223372036854771712\n");
  root_.write("sys/fs/cgroup/memory/sub/memory.usage_in_bytes", mib(624));
  EXPECT_EQ(state().free_bytes, 500 * kMiB);
}

TEST_F(HostMemory, ObeysTheLimitOnTheAddressSpace) {
  root_.write("proc/self/limits", "Limit Soft Hard Units\nMax address space         " +
                                      std::to_string(3000 * kMiB) + " unlimited            bytes\n");
  root_.write("proc/self/status",
              "Name:\tx\nVmPeak:\t 9 kB\nVmSize:\t " + std::to_string(1000 * 1024) + " kB\n");
  EXPECT_EQ(state().free_bytes, 2000 * kMiB);
}

TEST_F(HostMemory, OfThisMachineIsWithinItsTotal) {
  const MemoryState here = host_memory();
  EXPECT_GT(here.total_bytes, 64 * kMiB);
  EXPECT_LE(here.free_bytes, here.total_bytes);
}

TEST_F(UsableCores, CountHardwareThreadsOfACoreOnce) {
  root_.write("proc/self/status", "Cpus_allowed_list:\t0-3\n");
  for (const int processor : {0, 1, 2, 3}) {
    root_.write("sys/devices/system/cpu/cpu" + std::to_string(processor) + "/topology/core_cpus_list",
                processor % 2 == 0 ? "0,2\n" : "1,3\n");
  }
  EXPECT_EQ(usable_cores(root_.path()), 2);
}

TEST_F(UsableCores, ObeyAffinity) {
  root_.write("proc/self/status", "Cpus_allowed_list:\t1,4-6\n");
  EXPECT_EQ(usable_cores(root_.path()), 4);
}

TEST_F(UsableCores, ObeyTheQuotaRoundedDown) {
  root_.write("proc/self/status", "Cpus_allowed_list:\t0-7\n");
  join_v2("/job/deep");
  root_.write("sys/fs/cgroup/job/deep/cpu.max", "max 100000\n");
  root_.write("sys/fs/cgroup/job/cpu.max", "350000 100000\n");
  EXPECT_EQ(usable_cores(root_.path()), 3);
  root_.write("sys/fs/cgroup/job/deep/cpu.max", "50000 100000\n");
  EXPECT_EQ(usable_cores(root_.path()), 1);
}

TEST_F(UsableCores, ObeyTheQuotaOfVersion1) {
  root_.write("proc/self/status", "Cpus_allowed_list:\t0-7\n");
  root_.write("proc/self/cgroup", "4:cpu,cpuacct:/\n");
  root_.write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
  root_.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
  root_.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(usable_cores(root_.path()), 2);
  root_.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(usable_cores(root_.path()), 8);
}

TEST(UsableCoresHere, AreAtLeastOne) {
  EXPECT_GE(usable_cores(), 1);
}

}  // namespace
}  // namespace da3::core
