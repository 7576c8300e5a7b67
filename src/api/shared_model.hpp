// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include <predict/depth_model.hpp>

#include <da3/model.hpp>

#include <engine/engine.hpp>

// What Model and ModelCache share.
namespace da3::api {

/// The engine's options for a user's; the device is filled in.
engine::LoadOptions load_options(const ModelOptions& options);

/// Throws: Error kUsage in a process that was forked after the first load: threads do not survive a fork, so
/// a forward would wait for ever.
void refuse_after_fork();

/// Throws: Error kModelUntrusted for a file that runs its own code and is not the bundled one.
void require_trust(const std::filesystem::path& file, const ModelSpec& spec);

/// A loaded model that runs one forward at a time, whichever thread asks. It and this function
/// refuse_after_fork. `trust_code`: as ModelOptions. Throws: as Model::load.
std::shared_ptr<predict::DepthModel> load_shared(const std::filesystem::path& file,
                                                 const engine::LoadOptions& options, bool trust_code);

/// The bundled model of the tree that this library is in: PREFIX/lib/libda3.so or PREFIX/lib/ARCH/libda3.so.
std::filesystem::path starter_file();

}  // namespace da3::api

namespace da3 {

/// The inside of handles.
struct ModelAccess {
  static Model handle(std::shared_ptr<predict::DepthModel> network);
  static std::shared_ptr<predict::DepthModel> network(const Model& model);
  /// Model::predict of photos that do not lie side by side.
  static std::vector<Prediction> predict(const Model& model, std::span<const Photo* const> photos,
                                         const PredictOptions& options);
};

}  // namespace da3
