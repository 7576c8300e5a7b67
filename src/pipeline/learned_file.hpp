// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <da3/model_spec.hpp>

#include <infer/batch_planner.hpp>
#include <infer/learned_batches.hpp>
#include <infer/memory_probe.hpp>
#include <pipeline/options.hpp>

namespace da3::pipeline {

/// What the planner of a run knows beforehand.
infer::BatchPlannerOptions planner_options(const Options& options, const ModelSpec& model,
                                           const DeviceId& device, Precision precision, Attention attention,
                                           int cores, infer::MemoryProbe& memory);

/// Batches measured by earlier runs; empty without a file, with an empty path or a file of another version.
infer::LearnedBatches read_learned(const std::filesystem::path& file);

/// Keeps measured batches for the next run; returns why it could not. Nothing is lost then but time.
std::optional<std::string> write_learned(const std::filesystem::path& file,
                                         const infer::LearnedBatches& learned);

}  // namespace da3::pipeline
