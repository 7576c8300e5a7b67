// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include <commands/bench_setup.hpp>
#include <commands/commands.hpp>

#include <bench/against/worker.hpp>
#include <suites/worker_backend.hpp>

namespace da3::commands {

int bench_worker() {
  Console console;
  BenchSetup setup(console);
  suites::SuiteWorker worker(setup.context());
  // No question to the engine here: this greeting is part of the start that the suite `load` times.
  bench::serve_worker(std::cin, std::cout, bench::this_tool(), bench::capture_environment({}),
                      bench_environment, worker);
  return 0;
}

}  // namespace da3::commands
