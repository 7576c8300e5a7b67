// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <commands/log.hpp>
#include <commands/model_choice.hpp>
#include <predict/depth_model.hpp>
#include <predict/memory_probe.hpp>

#include <cli/options.hpp>
#include <engine/parts.hpp>

namespace da3::commands {

/// The model of a command before it is loaded: which file, what it is, where it will run.
struct NamedModel {
  ChosenModel chosen;
  DescribedModel described;
  DeviceId device;
};

/// What the options name. Says on `log` what has to be known about its code. Throws: as choose_model,
/// read_description, refuse_synthetic and check_code.
NamedModel name_model(const cli::ModelChoice& choice, spdlog::logger& log);

/// The model, ready to run. `threads`: of one forward pass on a CPU; `parts`: what is needed besides depth.
/// Throws: as engine::load_model.
std::shared_ptr<predict::DepthModel> open_model(const NamedModel& named, const cli::ModelChoice& choice,
                                                int threads, cli::PreprocessOn preprocess,
                                                spdlog::logger& log, const engine::Parts& parts);

/// Keeps forward passes on a CPU within `fraction` of the memory that is free now: memory that runs out ends
/// the program, but below a budget it is an error that a smaller batch answers.
void limit_tensor_memory(const DeviceId& device, double fraction, predict::MemoryProbe& memory);

}  // namespace da3::commands
