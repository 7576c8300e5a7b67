// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <commands/bench_setup.hpp>

#include <engine/engine.hpp>

namespace da3::commands {
namespace {

std::vector<DeviceId> devices_of(const cli::BenchRun& options) {
  const std::vector<DeviceId> here = engine::available_devices();
  std::vector<DeviceId> devices;
  const auto add = [&](const DeviceId& device) {
    if (std::find(devices.begin(), devices.end(), device) == devices.end()) devices.push_back(device);
  };
  for (const std::string& text : options.devices) {
    if (text == "all") {
      for (const DeviceId& each : here) add(each);
      continue;
    }
    const DeviceId device = text == "auto" ? here.front() : parse_device(text);
    engine::check_device(device);
    add(device);
  }
  if (devices.empty()) add(here.front());
  return devices;
}

}  // namespace

bench::PlanOptions plan_options(const cli::BenchRun& options) {
  bench::PlanOptions plan = options.plan;
#ifndef DA3_WITH_PICTURES
  for (const bench::SuiteFacts& suite : bench::kSuiteFacts) {
    if (suite.needs_pictures) plan.skipped_suites.push_back(suite.suite);
  }
#endif
  // Alternating programs are for the regression gate: forward passes, unless more is asked for.
  if (!options.against.empty() && plan.suites.empty()) plan.suites = {bench::SuiteName::kThroughput};
  plan.devices = devices_of(options);
  plan.side_by_side = !options.against.empty();
  return plan;
}

}  // namespace da3::commands
