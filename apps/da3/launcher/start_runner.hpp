// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace da3::launcher {

/// Replaces this process by libexec/da3/da3-run with the same arguments. Throws: Error kInternal if it is not
/// there.
[[noreturn]] void start_runner(char** argv);

}  // namespace da3::launcher
