// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

namespace da3::bench {

/// The share of a file's pages that the system holds in memory, 0 to 1. Null for an empty file, one that
/// cannot be read, and where the system does not say.
std::optional<double> cached_share(const std::filesystem::path& file);

/// Reads a file from end to end, so that the system holds it as far as it has room. One that cannot be read
/// is left alone.
void read_into_page_cache(const std::filesystem::path& file);

}  // namespace da3::bench
