// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <depth/way.hpp>

#include <da3/model_spec.hpp>

#include <image/colormap.hpp>
#include <image/decode.hpp>
#include <infer/depth_model.hpp>
#include <output/output_set.hpp>
#include <output/records.hpp>
#include <pipeline/options.hpp>

namespace da3::pipeline {

/// Options that were checked and completed by what the model says: all that the stages need, nothing optional
/// that has a default.
struct Settings {
  image::DecodeOptions decode;
  depth::Way way;
  infer::Wanted wanted;
  std::optional<std::string> unit;  ///< "m" or none
  std::vector<output::Format> formats;
  image::VisOptions vis;

  bool needs_photo() const { return output::contains(formats, output::Format::kSide); }
};

/// Throws: Error kUsage with what cannot be used and what can.
Settings make_settings(const Options& options, const ModelSpec& model);

/// The header of a run for the manifest, with every option that changes a result.
output::RunRecord make_run_record(const Options& options, const Settings& settings, const ModelSpec& model,
                                  const DeviceId& device, Precision precision, Attention attention);

}  // namespace da3::pipeline
