// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <predict/memory_probe.hpp>

#include <da3/device.hpp>
#include <da3/model_spec.hpp>

#include <run/scene/scene_options.hpp>

namespace da3::commands {

/// Where scenes would run.
struct SceneMachine {
  DeviceId device;
  Precision precision = Precision::kFp32;
  int threads = 0;
  double memory_fraction = 0;
};

/// What each scene would be, need and take (`--dry-run`), as text or a line of JSON each. Memory is estimated
/// from the network's largest tensors, time from its operations and a short calibration of the machine;
/// neither for networks that this build does not know, and no time on accelerators. Throws: as
/// run::plan_scenes.
std::string scene_forecast(const run::SceneOptions& options, const ModelSpec& model,
                           const SceneMachine& machine, predict::MemoryProbe& memory, bool json);

}  // namespace da3::commands
