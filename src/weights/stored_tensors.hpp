// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <core/stored_zip.hpp>
#include <weights/safetensors.hpp>

namespace da3::weights {

/// A tensor of a TorchScript archive's module. Offset and strides are in elements.
struct StoredTensor {
  std::string path;  ///< Attributes from the module down, such as "head.projects.0.weight"
  Dtype type = Dtype::kF32;
  const core::ZipEntry* record = nullptr;  ///< Null where the tensor has no element. Lifetime: the archive's
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

/// All tensors that are attributes of the archive's module and of the modules in it. Each lies within a
/// record that is its own and has no more elements than that, so what is computed from them is bounded by the
/// file's size. Neither LibTorch nor any code of the archive is used. Throws: Error kModelDamaged that names
/// the file and, where it is one's, the tensor.
std::vector<StoredTensor> stored_tensors(const core::StoredZip& archive);

}  // namespace da3::weights
