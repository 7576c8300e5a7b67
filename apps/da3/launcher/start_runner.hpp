// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <cli/parse.hpp>

namespace da3::launcher {

/// Replaces this process by libexec/da3/`runner` with the same arguments. Throws: Error kInternal if it is
/// not there.
[[noreturn]] void start_runner(char** argv, const std::string& runner);

/// The program that runs `command`: da3-render links no LibTorch, da3-run-video (where it is installed)
/// FFmpeg.
std::string runner_of(const cli::Command& command);

}  // namespace da3::launcher
