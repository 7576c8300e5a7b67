// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include <torch/csrc/jit/api/module.h>

#include <core/stored_zip.hpp>

// TorchScript archives whose tensors lie in the mapped file: nothing is read before it is used, and processes
// that use the same model share its memory.
namespace da3::engine {

/// What can be checked without reading the weights: pickles, code and constants by their CRC, and that no
/// header points at other bytes. Throws: Error kModelContract for another kind of archive, kModelDamaged.
void check_whole(const core::StoredZip& archive);

/// All tensors of the archive's module by attribute path, such as
/// "backbone.pretrained.blocks.0.attn.qkv.weight". They lie in the mapping where they are aligned and are
/// copies else. No code of the archive is compiled or run. Throws: as weights::stored_tensors().
std::map<std::string, at::Tensor> read_tensors(const core::StoredZip& archive);

/// The archive's module with its own code; tensors as above. Throws: c10::Error, std::exception for what
/// LibTorch does not understand; Error kModelDamaged for tensors outside their records.
torch::jit::Module load_mapped(const core::StoredZip& archive);

/// Compares the CRC of what the archive holds compressed, which is code. Throws: Error kModelDamaged, also
/// for what would fill memory; what LibTorch throws for what it cannot unpack.
void check_compressed(const core::StoredZip& archive);

}  // namespace da3::engine
