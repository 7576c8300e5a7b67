// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <cameras/given_cameras.hpp>
#include <depth/way.hpp>
#include <nlohmann/json.hpp>
#include <predict/depth_model.hpp>
#include <scene/scene.hpp>

#include <da3/error.hpp>

#include <run/scene/scene_files.hpp>
#include <run/scene/scene_options.hpp>
#include <run/scene/scene_photos.hpp>

// The records of a scene's manifest (docs/scene.md).
namespace da3::run {

using Json = nlohmann::ordered_json;

/// What a scene's record says besides the scene.
struct SceneReport {
  Json ms = Json::object();
  std::optional<std::uint64_t> peak_bytes;
  std::size_t dropped_gaussians = 0;  ///< Of no use: not finite, or a size below 0
};

Json run_record(const SceneOptions& options, const depth::Way& way, const predict::DepthModel& model);
/// `points`: of the cloud that come from this view.
Json view_record(const scene::Scene& scene, std::size_t view, std::uint64_t points,
                 const SceneOutputs& outputs);
Json scene_record(const scene::Scene& scene, const SceneReport& report, const SceneOutputs& outputs);
Json failed_record(const Error& error, std::size_t views);

/// A record as a line of the manifest. Names of files need not be UTF-8; what is not is replaced.
std::string line_of(const Json& record);

/// SHA-256 of all that decides a scene whose photos can all be read: model, precision, options, given
/// cameras, and the photos as they are now.
std::string scene_digest(const Json& run, const std::vector<ScenePhoto>& photos,
                         const std::optional<cameras::GivenCameras>& given);

}  // namespace da3::run
