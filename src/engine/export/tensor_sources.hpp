// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <engine/network/network.hpp>
#include <weights/safetensors.hpp>
#include <weights/tensor_list.hpp>

namespace da3::engine {

struct PublishedTensors {
  TensorMap tensors;                  ///< Those needed with the parts, mapped; they keep the file mapped
  std::vector<std::string> warnings;  ///< Tensors of the file that are not in `entries`
};

/// The tensors of a published file that the network needs, checked against `entries`: each is there under its
/// name or an alias, float32, of the right shape; those needed hold finite values only. Throws: Error
/// kModelContract for a tensor that is missing or has another type or shape, kModelDamaged for one that holds
/// NaN or infinity.
PublishedTensors published_tensors(const weights::Safetensors& file,
                                   const std::vector<weights::TensorEntry>& entries, const Parts& parts = {});

/// The tensors of `entries` that the network needs, filled by the weight recipe on all cores. Throws: Error
/// kOutOfMemory.
TensorMap recipe_tensors(const std::vector<weights::TensorEntry>& entries, std::uint64_t seed,
                         const Parts& parts = {});

}  // namespace da3::engine
