// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <commands/console.hpp>
#include <spdlog/logger.h>

#include <cli/options.hpp>

namespace da3::commands {

/// What -v (info) and -vv (debug) show, through `console`; warnings are shown unless -q is given.
std::shared_ptr<spdlog::logger> make_logger(const cli::Verbosity& verbosity, Console& console);

}  // namespace da3::commands
