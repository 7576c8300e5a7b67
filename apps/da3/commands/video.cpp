// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <csignal>
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
#include <commands/video_library.hpp>
#include <nlohmann/json.hpp>
#include <video/run_video.hpp>

#include <da3/error.hpp>

#include <core/host/host_memory.hpp>
#include <core/text.hpp>
#include <engine/engine.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <hub/model_store.hpp>
#include <image/colormap.hpp>
#include <run/run.hpp>

namespace da3::commands {
namespace {

video::VideoOptions options_of(const cli::Video& options) {
  video::VideoOptions work;
  work.input = options.input;
  work.stream = &std::cin;
  if (!options.raw.empty()) work.raw = video::parse_raw_format(options.raw);
  work.read.stream = options.stream.value_or(-1);
  work.read.hdr = options.hdr == "raw" ? video::Hdr::kRaw : video::Hdr::kToneMap;
  work.read.deinterlace = options.deinterlace == "off" ? video::Deinterlace::kOff : video::Deinterlace::kAuto;
  work.read.max_pixels = options.work.max_pixels;
  work.choice.frames_per_s = options.fps;
  work.choice.every = options.every.value_or(1);
  if (!options.start.empty()) work.choice.start_s = video::parse_time(options.start);
  if (!options.duration.empty()) work.choice.duration_s = video::parse_time(options.duration);
  work.choice.limit = options.limit;
  work.timestamps = options.timestamps;
  work.output = options.output;
  work.formats = cli::named_formats(options.formats, options.work.vis_format);
  work.colormap = options.work.colormap;
  if (options.vis_range == "video") work.range_mode = video::RangeMode::kVideo;
  if (options.vis_range == "running") work.range_mode = video::RangeMode::kRunning;
  if (options.vis_range == "image") work.range_mode = video::RangeMode::kImage;
  work.range = options.range;
  work.steady = options.steady == "off"     ? video::Steady::kOff
                : options.steady == "scale" ? video::Steady::kScale
                                            : video::Steady::kAuto;
  work.cuts = options.cuts == "auto" ? video::Cuts::kAuto : video::Cuts::kNone;
  if (options.cuts != "auto" && options.cuts != "none") work.cuts_file = options.cuts;
  if (!options.constant_fps.empty()) work.constant_fps = video::parse_rate(options.constant_fps);
  work.encoder = options.encoder;
  work.crf = options.crf;
  work.sound = !options.no_sound;
  work.encode.preview = options.work.preview;
  if (!options.work.exr_compression.empty())
    work.encode.exr_compression = formats::parse_exr_compression(options.work.exr_compression);
  work.encode.exr_channels = formats::parse_exr_channels(options.work.exr_channels);
  work.confidence = options.work.confidence;
  work.sky = options.work.sky;
  work.overwrite = options.work.overwrite;
  work.process_res = options.work.process_res;
  work.resize_method = options.work.resize_method;
  work.focal_px = options.work.focal_px;
  work.hfov_deg = options.work.hfov_deg;
  work.at_model_size = options.work.size == cli::ResultSize::kModel;
  work.batch = options.work.batch;
  work.memory_fraction = options.work.memory_fraction;
  return work;
}

// What the parser cannot see without the modules.
void check_colormap(const std::string& name) {
  const auto names = image::colormap_names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  std::string list;
  for (const std::string_view each : names) list += (list.empty() ? "" : ", ") + std::string(each);
  throw Error(ErrorCode::kUsage, "--colormap: '" + name + "' is not one of " + list);
}

std::string forecast_text(const video::VideoForecast& forecast, const std::string& input) {
  const video::VideoFacts& facts = forecast.facts;
  char text[160];
  std::snprintf(text, sizeof(text), "%s, %d bits, %s%s", facts.codec.empty() ? "raw" : facts.codec.c_str(),
                facts.bits, facts.matrix.c_str(), facts.matrix_assumed ? " (assumed)" : "");
  std::string lines = input + ": " + core::size_text(facts.shown) + ", " + text;
  if (facts.frames_per_s) {
    std::snprintf(text, sizeof(text), ", %.6g frames/s", *facts.frames_per_s);
    lines += text;
  }
  if (facts.declared_seconds) {
    std::snprintf(text, sizeof(text), ", %.3f s", *facts.declared_seconds);
    lines += text;
  }
  if (facts.turn_degrees != 0) lines += ", turned by " + std::to_string(facts.turn_degrees) + " degrees";
  lines += "\nframes     " +
           (forecast.frames ? std::to_string(*forecast.frames) : "known only once they are decoded") +
           "\nprocessed  " + core::size_text(forecast.processed) + "\nresults    " +
           core::size_text(forecast.result) + "\n";
  for (const std::string& file : forecast.files) lines += "writes     " + file + "\n";
  return lines;
}

std::string forecast_json(const video::VideoForecast& forecast, const std::string& input) {
  const auto sides = [](Size size) { return nlohmann::json{{"height", size.height}, {"width", size.width}}; };
  const video::VideoFacts& facts = forecast.facts;
  nlohmann::json plan = {{"path", input},
                         {"shown", sides(facts.shown)},
                         {"codec", facts.codec},
                         {"bits", facts.bits},
                         {"turn", facts.turn_degrees},
                         {"frames", nullptr},
                         {"processed", sides(forecast.processed)},
                         {"result", sides(forecast.result)},
                         {"files", forecast.files}};
  if (forecast.frames) plan["frames"] = *forecast.frames;
  return plan.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string frames_text(const video::VideoSummary& summary) {
  char text[160];
  const double rate = summary.elapsed_s > 0 ? static_cast<double>(summary.done) / summary.elapsed_s : 0;
  std::snprintf(text, sizeof(text), "%lld frames done in %.1f s (%.2f frames/s; forwards %.1f s)",
                static_cast<long long>(summary.done), summary.elapsed_s, rate, summary.forward_s);
  std::string line = text;
  if (summary.resumed > 0) line += ", " + std::to_string(summary.resumed) + " done before";
  if (summary.failed > 0) line += ", " + std::to_string(summary.failed) + " failed";
  return line + ", results in " + summary.where;
}

// A line of progress that is not too frequent.
class Progress {
 public:
  Progress(const cli::Infer& options, Console& console) : console_(console) {
    using enum cli::ShowProgress;
    shown_ = options.progress == kAlways ||
             (options.progress == kAuto && !options.verbosity.quiet && Console::is_terminal());
  }

  void show(const video::VideoProgress& progress) {
    if (!shown_) return;
    char text[128];
    std::snprintf(text, sizeof(text), "%lld%s frames, %.2f frames/s, at %.1f s",
                  static_cast<long long>(progress.done),
                  progress.total ? (" of about " + std::to_string(*progress.total)).c_str() : "",
                  progress.frames_per_s, progress.seconds);
    console_.status(text);
  }

  void finish() {
    if (shown_) console_.status("");
  }

 private:
  Console& console_;
  bool shown_ = false;
};

}  // namespace

int video(const cli::Video& options) {
  Console console;
  // A reader of our output that goes away is an error of its own, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  const Interrupts interrupts([&console](int) {
    console.line("da3: stopping; what is running is finished first (once more: at once)");
  });
  const auto log = make_logger(options.work.verbosity, console);
  check_colormap(options.work.colormap);
  video::VideoOptions work = options_of(options);

  const ChosenModel chosen = choose_model(options.work.model);
  if (chosen.is_starter && !options.work.verbosity.quiet) console.line("da3: " + starter_notice());
  const DescribedModel described = read_description(chosen.file, options.work.describe);
  if (!options.work.allow_synthetic) refuse_synthetic(described.spec);
  if (const std::string notice = check_code(chosen, described, options.work.trust_code); !notice.empty()) {
    log->warn("{}", notice);
  }
  if (options.work.dry_run) {
    const video::VideoForecast forecast = video::forecast_video(work, described.spec, video_library());
    std::cout << (options.work.json ? forecast_json(forecast, options.input)
                                    : forecast_text(forecast, options.input))
              << std::flush;
    return 0;
  }
  const DeviceId device = choose_device(options.work.device);
  const int cores = core::usable_cores();
  const run::ThreadPlan threads =
      run::plan_threads(device.kind, cores, options.work.threads, options.work.decode_threads);
  work.host_threads = threads.host;
  work.read.threads = threads.host;
  engine::LoadOptions load;
  load.device = device;
  load.precision = options.work.precision;
  load.attention = options.work.attention;
  load.threads = threads.inference;
  load.normalise = options.work.preprocess == cli::PreprocessOn::kCpu ? engine::NormaliseOn::kHost
                                                                      : engine::NormaliseOn::kDevice;
  load.describe = described.describe;
  load.identity_folder = hub::Folders::from_environment().cache / "checked";
  const std::shared_ptr<predict::DepthModel> model = engine::load_model(chosen.file, load);
  const auto memory = engine::make_memory_probe();
  if (device.kind == DeviceKind::kCpu) {
    const auto allowed = static_cast<std::uint64_t>(options.work.memory_fraction *
                                                    static_cast<double>(memory->host().free_bytes));
    engine::set_cpu_memory_budget(engine::cpu_memory().in_use_bytes + allowed);
  }

  Progress progress(options.work, console);
  video::VideoCallbacks callbacks;
  callbacks.on_progress = [&](const video::VideoProgress& each) { progress.show(each); };
  callbacks.on_note = [&](bool warning, const std::string& text) {
    log->log(warning ? spdlog::level::warn : spdlog::level::info, "{}", text);
  };
  callbacks.on_record = [&](const std::string& json) {
    if (!options.work.json) return;
    std::printf("%s\n", json.c_str());
    std::fflush(stdout);
  };
  video::VideoEnvironment environment;
  environment.model = model;
  environment.memory = memory.get();
  environment.library = video_library();
  environment.cores = cores;
  const video::VideoSummary summary = video::run_video(work, environment, callbacks, interrupts.token());
  progress.finish();
  if (!options.work.verbosity.quiet) console.line("da3: " + frames_text(summary));
  if (summary.interrupted) return interrupts.exit_code();
  return summary.failed > 0 || summary.cut_short ? 1 : 0;
}

}  // namespace da3::commands
