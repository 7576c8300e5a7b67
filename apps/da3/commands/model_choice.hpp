// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <da3/model_spec.hpp>

#include <engine/engine.hpp>

namespace da3::commands {

/// The model file that a command runs.
struct ChosenModel {
  std::filesystem::path file;
  bool is_starter = false;  ///< Nothing was named and nothing is installed
};

/// The named model, else DA3_MODEL's, else the first installed of docs/cli.md, else the bundled starter.
/// Throws: Error kModelNotFound with the command that gets one.
ChosenModel choose_model(const std::string& named);

/// What is said when the starter runs.
std::string starter_notice();

/// The record of a model file; `describe` names a file that holds it instead. Throws: Error kModelNotFound,
/// kModelDamaged, kModelContract.
struct DescribedModel {
  ModelSpec spec;
  std::optional<ModelSpec> describe;  ///< For engine::LoadOptions
};
DescribedModel read_description(const std::filesystem::path& file, const std::string& describe);

/// Throws: Error kModelSynthetic for synthetic weights.
void refuse_synthetic(const ModelSpec& spec);

/// Returns what to say about the code that the model file brings; empty: it brings none, or is the bundled
/// one. Throws: Error kModelUntrusted unless somebody said that it may run, by --trust-code or by describing
/// the file.
std::string check_code(const ChosenModel& chosen, const DescribedModel& described, bool trust_code);

/// What the load itself has to refuse: another file may have come to the name since check_code().
void allow_code(engine::LoadOptions& load, const DescribedModel& described, bool trust_code);

/// Before the work that makes a model file. Throws: Error kUsage for a file that is no model,
/// kOutputFailed for a folder that is not there.
void check_model_output(const std::filesystem::path& file);

/// The device asked for, else the best present.
DeviceId choose_device(const std::optional<DeviceId>& asked);

}  // namespace da3::commands
