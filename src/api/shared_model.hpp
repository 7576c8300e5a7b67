// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include <predict/depth_model.hpp>

#include <da3/model.hpp>

#include <engine/engine.hpp>

// What Model and ModelCache share.
namespace da3::api {

/// The engine's options for a user's; the device is filled in.
engine::LoadOptions load_options(const ModelOptions& options);

/// A loaded model that runs one forward at a time, whichever thread asks. Throws: as Model::load.
std::shared_ptr<predict::DepthModel> load_shared(const std::filesystem::path& file,
                                                 const engine::LoadOptions& options);

}  // namespace da3::api

namespace da3 {

/// Makes handles of models that are loaded already.
struct ModelAccess {
  static Model handle(std::shared_ptr<predict::DepthModel> network);
};

}  // namespace da3
