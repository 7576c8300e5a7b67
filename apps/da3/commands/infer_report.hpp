// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <commands/single_file.hpp>

#include <cli/options.hpp>
#include <run/run.hpp>

namespace da3::commands {

/// What a run did, two lines for standard error: the last says what to open.
std::string summary_text(const run::Summary& summary, const cli::Infer& options, const ModelSpec& model,
                         const SingleFile& single);

/// What -v says about the stages: the busy seconds of each, and which bounds the run.
std::string busy_text(const run::Summary& summary);

/// What -v says about each processed size: batch, why, memory predicted and used.
std::string shape_text(const run::ShapeSummary& shape);

/// The plan of --dry-run, as text or as one JSON object.
std::string plan_text(const run::Plan& plan, const ModelSpec& model, const DeviceId& device);
std::string plan_json(const run::Plan& plan, const ModelSpec& model, const DeviceId& device);

}  // namespace da3::commands
