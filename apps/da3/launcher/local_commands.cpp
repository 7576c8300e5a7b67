// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <variant>

#include <launcher/local_commands.hpp>

namespace da3::launcher {

std::optional<int> run_locally([[maybe_unused]] const cli::Command& command) {
#ifdef DA3_WITH_HUB
  if (const auto* list = std::get_if<cli::ModelList>(&command)) return list_models(*list);
#endif
#ifdef DA3_WITH_BENCH
  if (const auto* compare = std::get_if<cli::BenchCompare>(&command)) return compare_reports(*compare);
  if (const auto* report = std::get_if<cli::BenchReport>(&command)) return merge_reports(*report);
#endif
  return std::nullopt;
}

}  // namespace da3::launcher
