// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include <da3/model_spec.hpp>

namespace da3::engine {

/// Throws: Error kModelUntrusted if a model that `spec` describes runs code out of `file`, unless it is
/// `trusted`: whoever loads a model for somebody asks here first.
void require_trust(const std::filesystem::path& file, const ModelSpec& spec, bool trusted);

}  // namespace da3::engine
