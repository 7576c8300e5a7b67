// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <core/stored_zip.hpp>

namespace da3::weights {

/// The archive at `path`, which may be a model file. A file of a kind that is often given as one is told by
/// name: a Git LFS pointer, safetensors, a pickle, ONNX, a web page, a folder as published. Throws: Error
/// kModelNotFound, kModelContract for such a kind, kModelDamaged.
core::StoredZip open_model_file(const std::filesystem::path& path);

/// What an archive that is no TorchScript model is, with what to do; none if it may be one: a checkpoint of
/// torch.save, a program of torch.export.
std::optional<std::string> other_archive(const core::StoredZip& archive);

}  // namespace da3::weights
