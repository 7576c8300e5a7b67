// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <run/run.hpp>

namespace da3::commands {

/// What a run did, a few lines for standard error.
std::string summary_text(const run::Summary& summary, const std::string& output);

/// What -v says about each processed size: batch, why, memory predicted and used.
std::string shape_text(const run::ShapeSummary& shape);

/// The plan of --dry-run, as text or as one JSON object.
std::string plan_text(const run::Plan& plan, const ModelSpec& model, const DeviceId& device);
std::string plan_json(const run::Plan& plan, const ModelSpec& model, const DeviceId& device);

}  // namespace da3::commands
