// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace da3::bench {

struct ToolInfo {
  std::string name = "da3";  ///< Other programs of benchmarks/peers write their own
  std::string version;
  std::string commit;
  std::string build_type;
  std::string compiler;
};

/// An accelerator or the processor as a report names it: texts that are read back on machines without
/// LibTorch, which engine::DeviceInfo is not.
struct ReportedDevice {
  std::string id;    ///< Such as "cuda:0"
  std::string name;  ///< Such as "NVIDIA L4"; empty: unknown
  std::string driver;
  std::optional<std::uint64_t> memory_bytes;
};

/// Versions that only the modules above know; the caller fills them in. Empty: unknown or not built in.
struct LibraryVersions {
  std::string libtorch;
  std::string opencv;
  std::string blas;
  std::string onednn;
};

/// The machine on which a report was made. Null: the system does not say.
struct Environment {
  std::string date_utc;  ///< ISO 8601, "2026-11-23T04:00:00Z"
  std::vector<std::string> command_line;
  std::string os;      ///< Such as "Debian GNU/Linux 12 (bookworm)"
  std::string kernel;  ///< Such as "Linux 6.1.0 x86_64"
  std::string cpu_model;
  std::vector<std::string> cpu_features;  ///< Those that matter for inference, such as "avx2"
  int logical_cores = 0;
  std::optional<int> physical_cores;
  std::optional<int> allowed_cores;        ///< By the process's affinity
  std::optional<double> cgroup_cpu_limit;  ///< Cores, 1.5 is one and a half; the least of all parents
  std::optional<std::uint64_t> cgroup_memory_limit_bytes;  ///< The least of all parents, memory.high included
  std::uint64_t memory_bytes = 0;
  std::string power_source;  ///< "mains", "battery", or empty
  std::string cpu_governor;  ///< Such as "performance", or empty
  int threads = 0;           ///< Of one forward on the CPU; the caller fills it in
  LibraryVersions libraries;
  std::vector<ReportedDevice> devices;
  std::optional<std::uint64_t> peak_rss_bytes;  ///< Of this process so far

  /// Same hardware as far as the report tells: processor, cores, memory and accelerators.
  bool same_machine(const Environment& other) const;
};

ToolInfo this_tool();

/// The machine as it is now. `root` is put before /proc, /sys and /etc, so that tests can bring their own.
Environment capture_environment(std::vector<std::string> command_line,
                                const std::filesystem::path& root = "/");

/// Highest resident memory of this process so far. Null where the system does not say.
std::optional<std::uint64_t> peak_rss_bytes();

}  // namespace da3::bench
