// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <variant>

#include <cli/guarded.hpp>
#include <cli/parse.hpp>
#include <cli/standard_descriptors.hpp>
#include <launcher/local_commands.hpp>
#include <launcher/start_runner.hpp>

// The launcher: answers what needs no network in milliseconds, and becomes da3-run for the rest, because
// LibTorch alone costs 0.3 s before main (docs/architecture.md, decision 11).
int main(int argc, char** argv) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  cli::open_standard_descriptors();
  return cli::guarded([&] {
    const cli::Command command = cli::parse(argc, argv);
    if (const auto* text = std::get_if<cli::ShowText>(&command)) {
      return std::fputs(text->text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 6 : 0;
    }
    if (const auto code = launcher::run_locally(command)) return *code;
    launcher::start_runner(argv, launcher::runner_of(command));
  });
}
