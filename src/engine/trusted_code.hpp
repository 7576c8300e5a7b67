// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include <da3/model_spec.hpp>

namespace da3::engine {

/// Throws: Error kModelUntrusted if a model that `spec` describes runs code out of `file`, unless it is
/// `trusted`: whoever loads a model for somebody asks here first.
void require_trust(const std::filesystem::path& file, const ModelSpec& spec, bool trusted);

/// True if `model`, the bytes of a file, are those of the model that comes with da3, whose code is trusted;
/// false where there is no file `starter`. Throws: as core::MappedFile.
bool is_starter(std::span<const std::byte> model, const std::filesystem::path& starter);

}  // namespace da3::engine
