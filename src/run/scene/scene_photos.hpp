// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <codec/decode.hpp>
#include <depth/way.hpp>
#include <journal/records.hpp>
#include <scene/scene.hpp>

#include <da3/error.hpp>

#include <run/scene/scene_options.hpp>

namespace da3::run {

/// A photo of a scene before it is read.
struct ScenePhoto {
  std::string path;
  std::string name;  ///< Of its results, unique in the scene
  std::optional<journal::InputIdentity> identity;
  std::optional<Error> error;  ///< It cannot be an input
};

/// The photos of one scene.
struct SceneInput {
  std::filesystem::path folder;  ///< Of the results
  std::vector<ScenePhoto> photos;
};

/// The scenes of the inputs, photos in the order of the arguments, folders in natural order. Throws: Error
/// kNoInput, kUsage, kOutputCollision for two photos of one name.
std::vector<SceneInput> find_scenes(const SceneOptions& options);

/// Gives a view its input and says where that lies in the photo. Throws: as depth::prepare.
void prepare_view(scene::View& view, const Image& photo, const depth::Way& way);

/// The size that all inputs are cut to: the smallest height and width.
Size common_size(const std::vector<scene::View>& views);

/// Cuts a view's input, centred, to `size`. Returns the share of its pixels that is lost, in percent.
double cut_to(scene::View& view, Size size);

/// How the photos of a scene are read.
codec::DecodeOptions decode_options(const SceneOptions& options);

/// Reads and prepares a photo. Throws: Error of the photo.
scene::View read_view(const ScenePhoto& photo, const depth::Way& way, const codec::DecodeOptions& decode);

/// A view's map at the size of the photo: interpolated, NaN where the cut left nothing.
DepthMap photo_map(const scene::View& view, const std::vector<float>& values);

}  // namespace da3::run
