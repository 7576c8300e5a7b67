// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cli/options.hpp>

namespace da3::commands {

/// `da3 render`, which needs no network. Returns the exit code.
int render(const cli::Render& options);

}  // namespace da3::commands
