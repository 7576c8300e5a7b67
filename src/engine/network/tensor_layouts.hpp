// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <engine/network/network.hpp>

// Tensor layouts (docs/model-format.md). 1: the published tensors as they are. 2: what the network text
// computes with. Against layout 1, in layout 2
//   - scale and shift of a block's norm1 and norm2 are in the weights and biases of attn.qkv and mlp.fc1
//   (w12), its layer
//     scales ls1 and ls2 in those of attn.proj and mlp.fc2 (w3); the norms and scales themselves are gone;
//   - so for head.norm and the weights and biases of head.projects;
//   - head.resize_layers.0 and 1 are matrices, (k k K, K), with one bias per row;
//   - weights of the head's other convolutions are channels last.
// 3: the same, with the parts that layouts 1 and 2 leave out: ray head, camera encoder (its blocks folded as
// those of the backbone), Gaussian head (as the head).
namespace da3::engine {

/// What a network needs in a layout: name (published, for messages) and shape by path.
struct ExpectedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
};
std::map<std::string, ExpectedTensor> expected_tensors(const weights::NetworkConfig& config, int layout,
                                                       const Parts& parts);

/// Checks that `tensors` holds what the layout needs, in its shapes and in float32, and returns just that:
/// the same tensors, or a copy of one that lies in memory in another order than its layout's. Throws: Error
/// kModelContract naming the tensor.
TensorMap select_tensors(const weights::NetworkConfig& config, int layout, const Parts& parts,
                         const TensorMap& tensors);

/// Layout 2 or 3 from layout 1, with the parts whose tensors are given. Each tensor is given up as soon as
/// its successor exists, so the weights are in memory once if the caller moves the only copy in. Threads: on
/// all of LibTorch's.
TensorMap fold_tensors(const weights::NetworkConfig& config, TensorMap tensors);

}  // namespace da3::engine
