// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <cli/parse.hpp>

namespace da3::launcher {

/// The exit code of a command that the launcher does itself; none for one that da3-run does.
std::optional<int> run_locally(const cli::Command& command);

/// `da3 model list`
int list_models(const cli::ModelList& options);

/// `da3 bench compare`
int compare_reports(const cli::BenchCompare& options);

/// `da3 bench report`
int merge_reports(const cli::BenchReport& options);

}  // namespace da3::launcher
