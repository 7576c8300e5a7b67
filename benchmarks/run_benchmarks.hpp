// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <bench/environment/environment.hpp>

namespace da3::benchmarks {

/// What a benchmark program knows beyond the machine itself.
struct ProgramFacts {
  bench::LibraryVersions libraries;
  std::vector<bench::ReportedDevice> devices;
  int threads = 1;  ///< Of one operation
};

/// Runs the benchmarks that are linked in, as Google Benchmark's options in `argv` say. The context of the
/// JSON report holds the tool and environment of `da3 bench` (docs/bench-schema-1.json), flattened:
/// "environment.cpu.model". Returns the program's exit code.
int run_benchmarks(int argc, char** argv, const ProgramFacts& facts);

}  // namespace da3::benchmarks
