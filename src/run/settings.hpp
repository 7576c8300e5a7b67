// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <cameras/known_cameras.hpp>
#include <codec/decode.hpp>
#include <depth/way.hpp>
#include <formats/encode.hpp>
#include <formats/output_set.hpp>
#include <journal/records.hpp>
#include <predict/depth_model.hpp>

#include <da3/model_spec.hpp>

#include <image/colormap.hpp>
#include <run/options.hpp>

namespace da3::run {

/// Options that were checked and completed by what the model says: all that the stages need, nothing optional
/// that has a default.
struct Settings {
  codec::DecodeOptions decode;
  depth::Way way;
  predict::Wanted wanted;
  std::optional<std::string> unit;  ///< "m" or none
  std::vector<formats::Format> formats;
  formats::EncodeOptions encode;
  std::shared_ptr<const cameras::KnownCameras> cameras;  ///< Of --intrinsics; null: none

  /// True if results show the photo or take its colours.
  bool needs_photo() const { return std::any_of(formats.begin(), formats.end(), formats::shows_photo); }
  /// True if results need to know the camera.
  bool needs_camera() const { return std::any_of(formats.begin(), formats.end(), formats::needs_camera); }
};

/// Throws: Error kUsage with what cannot be used and what can.
Settings make_settings(const Options& options, const ModelSpec& model);

/// The header of a run for the manifest, with every option that changes a result.
journal::RunRecord make_run_record(const Options& options, const Settings& settings, const ModelSpec& model,
                                   const DeviceId& device, Precision precision, Attention attention);

}  // namespace da3::run
