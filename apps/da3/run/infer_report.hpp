// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <pipeline/pipeline.hpp>

namespace da3::run {

/// What a run did, a few lines for standard error.
std::string summary_text(const pipeline::Summary& summary, const std::string& output);

/// What -v says about each processed size: batch, why, memory predicted and used.
std::string shape_text(const pipeline::ShapeSummary& shape);

/// The plan of --dry-run, as text or as one JSON object.
std::string plan_text(const pipeline::Plan& plan, const ModelSpec& model, const DeviceId& device);
std::string plan_json(const pipeline::Plan& plan, const ModelSpec& model, const DeviceId& device);

}  // namespace da3::run
