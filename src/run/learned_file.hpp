// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <predict/batch_planner.hpp>
#include <predict/learned_batches.hpp>
#include <predict/memory_probe.hpp>

#include <da3/model_spec.hpp>

#include <run/options.hpp>

namespace da3::run {

/// What the planner of a run knows beforehand.
predict::BatchPlannerOptions planner_options(const Options& options, const ModelSpec& model,
                                             const DeviceId& device, Precision precision, Attention attention,
                                             int cores, predict::MemoryProbe& memory);

/// Batches measured by earlier runs; empty without a file, with an empty path or a file of another version.
predict::LearnedBatches read_learned(const std::filesystem::path& file);

/// Keeps measured batches for the next run; returns why it could not. Nothing is lost then but time.
std::optional<std::string> write_learned(const std::filesystem::path& file,
                                         const predict::LearnedBatches& learned);

}  // namespace da3::run
