// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <torch/csrc/jit/api/module.h>

#include <da3/model_spec.hpp>

namespace da3::engine {

/// What a module offers of the contract of TorchScript files (docs/model-format.md, Foreign networks).
struct Offered {
  bool pose = false;       ///< pose(image)
  bool split = false;      ///< features(image) and decode(features, height, width)
  bool tables = false;     ///< features_with, decode_with and tables(height, width): our own networks
  bool scene = false;      ///< scene(image, cameras, reference): networks that da3 does not know
  bool rays = false;       ///< rays_with(features, height, width), of what scene returned
  bool gaussians = false;  ///< gaussians_with(features, image, height, width), of the same
};

/// What a network that da3 builds itself offers, and that its record promises no more than its kind gives.
/// Throws: Error kModelContract. `subject` stands first in messages.
Offered own_contract(const ModelSpec& spec, const std::string& subject);

/// Looks at methods and types; nothing is run. `subject` stands first in messages.
/// Throws: Error kModelContract that names the method, what is expected and what was found.
Offered check_contract(const torch::jit::Module& module, const ModelSpec& spec, const std::string& subject);

}  // namespace da3::engine
