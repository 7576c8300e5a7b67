// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>
#include <istream>
#include <memory>
#include <string>

#include <commands/commands.hpp>
#include <commands/console.hpp>
#include <commands/interrupts.hpp>
#include <commands/log.hpp>
#include <commands/open_model.hpp>
#include <commands/scene_forecast.hpp>
#include <commands/stoppable_input.hpp>
#include <commands/text.hpp>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/host/host_memory.hpp>
#include <engine/engine.hpp>
#include <run/scene/run_scene.hpp>

namespace da3::commands {
namespace {

run::SceneOptions scene_options(const cli::Scene& options, const std::shared_ptr<std::istream>& list) {
  run::SceneOptions result = options;
  result.list = list;
  return result;
}

std::string ended_text(const run::SceneEvent& event) {
  if (event.status == run::ImageStatus::kFailed) return event.message;
  const std::string views = count_of(event.views, "view");
  if (event.status == run::ImageStatus::kSkipped)
    return event.folder.string() + ": " + views + " done already (--overwrite does everything again)";
  return event.folder.string() + ": " + views + ", " + count_of(event.points, "point") + ", " +
         count_of(event.files.size(), "file");
}

}  // namespace

int scene(const cli::Scene& options) {
  Console console;
  const Interrupts interrupts([console](int) {
    console.line("da3: stopping; what is running is finished first (once more: at once)");
  });
  const auto list = std::make_shared<StoppableStream>(STDIN_FILENO, interrupts.token());
  const auto log = make_logger(options.verbosity, console);
  const NamedModel named = name_model(options, *log);
  const ModelSpec& spec = named.described.spec;
  const auto memory = engine::make_memory_probe();
  if (options.dry_run) {
    put_on_stdout(scene_forecast(scene_options(options, list), spec,
                                 {.device = named.device,
                                  .precision = options.precision.value_or(Precision::kFp32),
                                  .threads = options.threads,
                                  .memory_fraction = options.memory_fraction},
                                 *memory, options.json));
    return 0;
  }
  // Before seconds go into loading a model that has no cameras.
  run::check_scene_options(scene_options(options, list), spec);

  const int cores = core::usable_cores();
  const engine::Parts parts{.camera_encoder = !options.cameras.empty(),
                            .rays = options.pose == run::PoseChoice::kRays,
                            .gaussians = run::wants(options, "gaussians")};
  // All cores: nothing else runs next to the one forward pass.
  const auto model = open_model(named, options, options.threads, cli::PreprocessOn::kAuto, *log, parts);
  limit_tensor_memory(named.device, options.memory_fraction, *memory);
  const bool steps = options.progress == cli::ShowProgress::kAlways ||
                     (options.progress == cli::ShowProgress::kAuto && !options.verbosity.quiet);
  run::SceneCallbacks callbacks;
  callbacks.on_step = [&](const std::string& text) {
    if (steps) console.line("da3: " + text);
  };
  callbacks.on_scene = [&](const run::SceneEvent& event) {
    for (const std::string& warning : event.warnings) log->warn("{}", warning);
    if (event.status == run::ImageStatus::kFailed || !options.verbosity.quiet)
      console.line("da3: " + ended_text(event));
    if (!options.json) return;
    for (const std::string& record : event.json) std::printf("%s\n", record.c_str());
    std::fflush(stdout);
  };
  const run::SceneSummary summary = run::run_scenes(
      scene_options(options, list), {model, memory.get(), cores}, callbacks, interrupts.token());
  if (summary.interrupted) return interrupts.exit_code();
  if (summary.memory_ran_out) return exit_code(ErrorCode::kOutOfMemory);
  if (summary.refused) return exit_code(*summary.refused);
  return summary.failed > 0 ? 1 : 0;
}

}  // namespace da3::commands
