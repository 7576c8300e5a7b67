// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <commands/scene_forecast.hpp>
#include <commands/text.hpp>
#include <nlohmann/json.hpp>

#include <core/text.hpp>
#include <engine/bench_workloads.hpp>
#include <run/scene/run_scene.hpp>
#include <suites/estimate.hpp>
#include <suites/forward_memory.hpp>

namespace da3::commands {
namespace {

/// Of matrix products, the best of three.
std::optional<double> measured_gflops(const SceneMachine& machine) {
  if (machine.device.kind != DeviceKind::kCpu) return std::nullopt;
  constexpr int kRuns = 3;
  const engine::MatmulWorkload work =
      engine::make_matmul_workload(machine.device, Precision::kFp32, machine.threads);
  double best = 0;
  for (int run = 0; run <= kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    work.run();
    work.synchronize();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (run > 0) best = std::max(best, work.flops / took.count() / 1e9);  // The first warms up.
  }
  return best;
}

struct Forecast {
  std::optional<std::uint64_t> bytes;  ///< Of tensors at the peak, above the weights
  std::optional<double> seconds;       ///< Of all forward passes
};

Forecast forecast_of(const run::ScenePlan& plan, const ModelSpec& model, std::optional<double> gflops) {
  Forecast forecast;
  double seconds = 0;
  for (const scene::Window& window : plan.windows) {
    const int views = static_cast<int>(window.size());
    const auto bytes = suites::estimate_forward_bytes(model, plan.input, views);
    if (bytes) forecast.bytes = std::max(forecast.bytes.value_or(0), *bytes);
    if (!gflops) continue;
    const auto each = suites::estimate_forward_seconds(model, plan.input, views, *gflops);
    if (!each) return forecast;
    seconds += *each;
  }
  if (gflops && !plan.windows.empty()) forecast.seconds = seconds;
  return forecast;
}

std::string windows_text(const run::ScenePlan& plan) {
  if (plan.windows.size() < 2) return plan.windows.empty() ? "" : " in one forward pass";
  return " in " + std::to_string(plan.windows.size()) + " windows of up to " +
         std::to_string(plan.windows.front().size()) + " views";
}

std::string plan_text(const run::ScenePlan& plan, const Forecast& forecast, std::uint64_t allowed) {
  std::string text = "scene     " + plan.folder.string() + ": " + count_of(plan.photos.size(), "photo") +
                     ", seen at " + core::size_text(plan.input) + windows_text(plan) + "\n";
  if (plan.most_cut_percent > 0)
    text += "cut       up to " + std::to_string(static_cast<int>(plan.most_cut_percent + 0.5)) +
            " % of a photo\n";
  text += "memory    " +
          (forecast.bytes ? "about " + bytes_text(*forecast.bytes) : std::string("not known")) +
          " above the model, of " + bytes_text(allowed) + " that may be used\n";
  text += "time      " +
          (forecast.seconds ? "about " + seconds_text(*forecast.seconds) + " of forward passes"
                            : std::string("not known before it is measured")) +
          "\n";
  for (const std::string& message : plan.unusable) text += "unusable  " + message + "\n";
  return text;
}

nlohmann::json plan_json(const run::ScenePlan& plan, const Forecast& forecast, std::uint64_t allowed) {
  nlohmann::json windows = nlohmann::json::array();
  for (const scene::Window& window : plan.windows) windows.push_back({window.begin, window.end});
  return {{"type", "plan"},
          {"schema", 1},
          {"folder", plan.folder.string()},
          {"photos", plan.photos},
          {"unusable", plan.unusable},
          {"processed", {{"height", plan.input.height}, {"width", plan.input.width}}},
          {"most_cut_percent", plan.most_cut_percent},
          {"windows", windows},
          {"predicted_bytes", forecast.bytes ? nlohmann::json(*forecast.bytes) : nlohmann::json()},
          {"allowed_bytes", allowed},
          {"predicted_s", forecast.seconds ? nlohmann::json(*forecast.seconds) : nlohmann::json()}};
}

}  // namespace

std::string scene_forecast(const run::SceneOptions& options, const ModelSpec& model,
                           const SceneMachine& machine, predict::MemoryProbe& memory, bool json) {
  const std::vector<run::ScenePlan> plans = run::plan_scenes(options, model, machine.device.kind);
  const auto allowed = static_cast<std::uint64_t>(
      machine.memory_fraction * static_cast<double>(memory.device(machine.device).free_bytes));
  const std::optional<double> gflops = measured_gflops(machine);
  std::string text;
  for (const run::ScenePlan& plan : plans) {
    const Forecast forecast = forecast_of(plan, model, gflops);
    // Names of files need not be UTF-8; JSON has to be.
    text += json ? plan_json(plan, forecast, allowed)
                           .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                       "\n"
                 : plan_text(plan, forecast, allowed);
  }
  return text;
}

}  // namespace da3::commands
