// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace da3::cli {

/// The exit code of `body`; what it throws is told in one message on standard error and becomes the code of
/// docs/cli.md.
int guarded(const std::function<int()>& body);

}  // namespace da3::cli
