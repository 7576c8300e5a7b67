// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <commands/bench_setup.hpp>

#include <engine/engine.hpp>

namespace da3::commands {
namespace {

std::vector<std::string> devices_of(const cli::BenchRun& options) {
  const std::vector<DeviceId> here = engine::available_devices();
  std::vector<std::string> names;
  const auto add = [&](const DeviceId& device) {
    const std::string name = to_string(device);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
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
  if (names.empty()) add(here.front());
  return names;
}

}  // namespace

bench::PlanOptions plan_options(const cli::BenchRun& options) {
  bench::PlanOptions plan;
  for (const std::string& suite : options.suites) plan.suites.push_back(bench::parse_suite(suite));
  for (const std::string& suite : options.skipped_suites)
    plan.skipped_suites.push_back(bench::parse_suite(suite));
#ifndef DA3_WITH_PICTURES
  plan.skipped_suites.push_back(bench::SuiteName::kPreprocess);
  plan.skipped_suites.push_back(bench::SuiteName::kFolder);
  plan.skipped_suites.push_back(bench::SuiteName::kVideo);
#endif
  // Alternating programs are for the regression gate: forwards, unless more is asked for.
  if (!options.against.empty() && plan.suites.empty()) plan.suites = {bench::SuiteName::kThroughput};
  plan.models = options.models;
  plan.devices = devices_of(options);
  plan.precisions = options.precisions;
  for (const Attention attention : options.attentions) plan.attention.emplace_back(to_string(attention));
  plan.batches = options.batches;
  for (const auto& [width, height] : options.image_sizes) plan.image_sizes.push_back({height, width});
  plan.process_res = options.process_res;
  plan.threads = options.threads;
  plan.tokens = options.tokens;
  plan.photos = options.photos;
  plan.datasets = options.datasets;
  plan.images = options.images.value_or(0);
  plan.soak_images = options.soak_images.value_or(0);
  plan.runs = options.runs.value_or(0);
  plan.warmups = options.warmup.value_or(-1);
  if (options.min_time_s) {
    plan.min_time =
        std::chrono::duration_cast<bench::Nanoseconds>(std::chrono::duration<double>(*options.min_time_s));
  }
  plan.rounds = options.rounds.value_or(0);
  plan.quick = options.quick;
  plan.side_by_side = !options.against.empty();
  return plan;
}

}  // namespace da3::commands
