// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include <bench/environment/environment.hpp>

namespace da3::bench {

/// Fills in what only this operating system knows how to tell: one source a system.
void fill_from_system(Environment& environment, const std::filesystem::path& root);

}  // namespace da3::bench
