// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <codec/decode.hpp>
#include <depth/way.hpp>
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
  image::VisOptions vis;

  bool needs_photo() const { return std::any_of(formats.begin(), formats.end(), formats::shows_photo); }
};

/// Throws: Error kUsage with what cannot be used and what can.
Settings make_settings(const Options& options, const ModelSpec& model);

/// The header of a run for the manifest, with every option that changes a result.
journal::RunRecord make_run_record(const Options& options, const Settings& settings, const ModelSpec& model,
                                   const DeviceId& device, Precision precision, Attention attention);

}  // namespace da3::run
