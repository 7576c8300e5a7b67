// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <variant>

#include <commands/render.hpp>

#include <da3/error.hpp>

#include <cli/guarded.hpp>
#include <cli/parse.hpp>
#include <cli/standard_descriptors.hpp>

// What the launcher becomes for `da3 render`: it links no LibTorch, whose start alone takes 0.3 s.
int main(int argc, char** argv) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  cli::open_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);
  return cli::guarded([&] {
    const cli::Command command = cli::parse(argc, argv);
    if (const auto* options = std::get_if<cli::Render>(&command)) return commands::render(*options);
    throw Error(ErrorCode::kUsage, "this program runs `da3 render` only; call da3");
  });
}
