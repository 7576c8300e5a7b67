// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include <da3/error.hpp>

namespace da3::core {

/// The error for a write to `path` that failed with `error_number` (errno): kOutputName for names that the
/// file system does not take, else kOutputFailed, which says what is missing. `needed_bytes` of 0: not known.
Error write_failure(const std::filesystem::path& path, int error_number, std::uint64_t needed_bytes = 0);

}  // namespace da3::core
