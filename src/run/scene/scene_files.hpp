// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <depth/way.hpp>
#include <formats/scene/scene_files.hpp>
#include <journal/scene_journal.hpp>
#include <scene/scene.hpp>

#include <run/scene/scene_options.hpp>

namespace da3::run {

/// What a file holds and its path below the folder, as records have them: format and file.
using SceneOutputs = std::vector<std::pair<std::string, std::string>>;

/// Files of the whole scene. A COLMAP model is the folder of its files.
SceneOutputs scene_outputs(const SceneOptions& options);
/// Files of one view: depth by format, "image", "layerN" and, as pictures, "layerN.png".
SceneOutputs view_outputs(const SceneOptions& options, const scene::View& view);

/// Paths below the folder of all files that a scene of these views gets, without photos that lie where their
/// image belongs: these are the user's.
std::vector<std::string> planned_files(const SceneOptions& options, const std::vector<scene::View>& views,
                                       const std::filesystem::path& folder);

/// Throws: Error kOutputName for a name that is too long for the folder's file system.
void check_names(const std::vector<std::string>& files, const std::filesystem::path& folder);

/// Asked before the network runs. Throws: Error kUsage for what a wanted file cannot hold: names with blanks,
/// cameras with skew.
void check_files(const SceneOptions& options, const std::vector<scene::View>& views);

/// What the page says of the scene besides what its data say.
struct PageFacts {
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> warnings;
};

/// Outputs of blocks of the network, in the order of SceneOptions::features.
struct FeatureMaps {
  Size size;                               ///< Of each, in patches
  std::vector<std::vector<float>> layers;  ///< (S, rows, columns, C) each
};

/// Writes all files of a scene below `folder`; each appears whole. Throws: Error kOutputFailed,
/// kOutputExists.
void write_scene(const SceneOptions& options, const scene::Scene& scene, const depth::Way& way,
                 const PageFacts& page, const FeatureMaps& features, int threads,
                 const std::filesystem::path& folder, const journal::SceneJournal& journal);

}  // namespace da3::run
