// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace da3::hub {

/// Installed models of the folder `models` and published ones that are not there, as `da3 model list --json`
/// prints them.
std::string models_json(const std::filesystem::path& models);

}  // namespace da3::hub
