// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace da3::cli {

/// The folder that bin/, libexec/ and share/ lie in: an installed tree and a build tree look alike. Found
/// from the running program's own file, `depth` folders above it. Throws: Error kInternal.
std::filesystem::path prefix_of_program(int depth);

}  // namespace da3::cli
