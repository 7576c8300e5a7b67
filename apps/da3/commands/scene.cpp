// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include <commands/commands.hpp>
#include <commands/console.hpp>
#include <commands/interrupts.hpp>
#include <commands/log.hpp>
#include <commands/model_choice.hpp>
#include <commands/scene_forecast.hpp>
#include <commands/text.hpp>

#include <da3/error.hpp>

#include <core/host/host_memory.hpp>
#include <engine/engine.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <hub/model_store.hpp>
#include <run/scene/run_scene.hpp>

namespace da3::commands {
namespace {

run::ReferenceChoice reference_of(const std::string& text) {
  using Rule = run::ReferenceChoice::Rule;
  if (text == "first") return {Rule::kFirst, 0};
  if (text == "middle") return {Rule::kMiddle, 0};
  if (text == "saddle_balanced") return {Rule::kSaddleBalanced, 0};
  if (text == "saddle_sim_range") return {Rule::kSaddleSimRange, 0};
  return {Rule::kNumber, std::stoi(text)};
}

run::WindowChoice window_of(const cli::Scene& options) {
  using Rule = run::WindowChoice::Rule;
  if (options.window == "auto") return {Rule::kAuto, 0, options.overlap};
  if (options.window == "off") return {Rule::kOff, 0, options.overlap};
  return {Rule::kNumber, std::stoi(options.window), options.overlap};
}

run::SceneOptions scene_options(const cli::Scene& options) {
  run::SceneOptions result;
  result.inputs.assign(options.inputs.begin(), options.inputs.end());
  result.recursive = options.recursive;
  result.null_separated = options.null_separated;
  result.list = &std::cin;
  result.limit = options.limit;
  result.max_pixels = options.max_pixels;
  result.per_folder = options.per_folder;
  result.skip_bad = options.skip_bad;
  result.process_res = options.process_res;
  result.resize_method = options.resize_method;
  result.mixed = options.mixed_is_error ? run::MixedSizes::kError : run::MixedSizes::kCrop;
  result.reference = reference_of(options.reference);
  result.window = window_of(options);
  result.pose = options.pose_from_rays ? run::PoseChoice::kRays : run::PoseChoice::kDecoder;
  result.cameras = options.cameras;
  result.keep_scale = options.keep_scale;
  result.ignore_distortion = options.ignore_distortion;
  result.output_dir = options.output;
  result.formats = options.formats;
  result.depth_formats =
      options.depth_formats.empty() ? std::vector<std::string>{"none"} : options.depth_formats;
  result.at_model_size = options.size == cli::ResultSize::kModel;
  result.colormap = options.colormap;
  result.confidence = options.confidence;
  result.sky = options.sky;
  result.overwrite = options.overwrite;
  result.keep_percent = options.keep_percent;
  result.min_confidence = options.min_confidence;
  result.max_points = options.max_points;
  result.edges_percent = options.edges_percent;
  result.sky_points = options.sky_points;
  result.no_cameras = options.no_cameras;
  result.point_confidence = options.point_confidence;
  result.colmap_text = options.colmap_text;
  result.tracks = options.tracks;
  result.features = options.features;
  result.harmonics_degree = options.harmonics_degree;
  result.gaussian_keep_percent = options.gaussian_keep_percent;
  result.threads = options.threads;
  result.decode_threads = options.decode_threads;
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
  const Interrupts interrupts([&console](int) {
    console.line("da3: stopping; what is running is finished first (once more: at once)");
  });
  const auto log = make_logger(options.verbosity, console);
  const ChosenModel chosen = choose_model(options.model);
  const DescribedModel described = read_description(chosen.file, "");
  if (!options.allow_synthetic) refuse_synthetic(described.spec);
  if (const std::string notice = check_code(chosen, described, options.trust_code); !notice.empty())
    log->warn("{}", notice);
  const DeviceId device = choose_device(options.device);
  const auto memory = engine::make_memory_probe();
  if (options.dry_run) {
    std::cout << scene_forecast(scene_options(options), described.spec,
                                {.device = device,
                                 .precision = options.precision.value_or(Precision::kFp32),
                                 .threads = options.threads,
                                 .memory_fraction = options.memory_fraction},
                                *memory, options.json)
              << std::flush;
    return 0;
  }
  // Before seconds go into loading a model that has no cameras.
  run::check_scene_options(scene_options(options), described.spec);

  const int cores = core::usable_cores();
  engine::LoadOptions load;
  load.device = device;
  load.precision = options.precision;
  load.attention = options.attention;
  load.parts = {.camera_encoder = !options.cameras.empty(),
                .rays = options.pose_from_rays,
                .gaussians = run::wants(scene_options(options), "gaussians")};
  load.threads = options.threads;  // All cores: nothing else runs beside the one forward.
  load.identity_folder = hub::Folders::from_environment().cache / "checked";
  const std::shared_ptr<predict::DepthModel> model = engine::load_model(chosen.file, load);
  log->info("{} from {} on {}, {}, attention {}", model->spec().name, chosen.file.string(),
            to_string(model->device()), to_string(model->precision()), to_string(model->attention()));
  if (device.kind == DeviceKind::kCpu) {
    // Memory that runs out on a CPU ends the program; below a budget it is an error with advice.
    const auto allowed =
        static_cast<std::uint64_t>(options.memory_fraction * static_cast<double>(memory->host().free_bytes));
    engine::set_cpu_memory_budget(engine::cpu_memory().in_use_bytes + allowed);
  }
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
  const run::SceneSummary summary =
      run::run_scenes(scene_options(options), {model, memory.get(), cores}, callbacks, interrupts.token());
  if (summary.interrupted) return interrupts.exit_code();
  return summary.failed > 0 ? 1 : 0;
}

}  // namespace da3::commands
