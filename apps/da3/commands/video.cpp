// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>

#include <commands/commands.hpp>
#include <commands/console.hpp>
#include <commands/interrupts.hpp>
#include <commands/log.hpp>
#include <commands/open_model.hpp>
#include <commands/video_library.hpp>
#include <video/run_video.hpp>

#include <core/host/host_memory.hpp>
#include <engine/engine.hpp>
#include <run/run.hpp>

namespace da3::commands {
namespace {

video::VideoOptions options_of(const cli::Video& options) {
  video::VideoOptions work;
  static_cast<options::Processing&>(work) = options;
  static_cast<options::Focal&>(work) = options;
  static_cast<options::Colours&>(work) = options;
  work.input = options.input;
  work.stream = &std::cin;
  if (!options.raw.empty()) work.raw = video::parse_raw_format(options.raw);
  work.read.stream = options.stream.value_or(-1);
  work.read.hdr = options.hdr == "raw" ? video::Hdr::kRaw : video::Hdr::kToneMap;
  work.read.deinterlace = options.deinterlace == "off" ? video::Deinterlace::kOff : video::Deinterlace::kAuto;
  work.read.max_pixels = options.max_pixels;
  work.choice.frames_per_s = options.fps;
  work.choice.every = options.every.value_or(1);
  if (!options.start.empty()) work.choice.start_s = video::parse_time(options.start);
  if (!options.duration.empty()) work.choice.duration_s = video::parse_time(options.duration);
  work.choice.limit = options.limit;
  work.timestamps = options.timestamps;
  work.output = options.output;
  work.formats = options.formats;
  if (options.vis_range == "video") work.range_mode = video::RangeMode::kVideo;
  if (options.vis_range == "running") work.range_mode = video::RangeMode::kRunning;
  if (options.vis_range == "image") work.range_mode = video::RangeMode::kImage;
  work.range = options.range;
  work.steady = options.steady == "off"     ? video::Steady::kOff
                : options.steady == "scale" ? video::Steady::kScale
                                            : video::Steady::kAuto;
  work.cuts = options.cuts == "none" ? video::Cuts::kNone : video::Cuts::kAuto;
  work.encoder = options.encoder;
  work.crf = options.crf;
  work.sound = !options.no_sound;
  work.overwrite = options.overwrite;
  work.at_model_size = options.size == cli::ResultSize::kModel;
  work.batch = options.batch;
  work.memory_fraction = options.memory_fraction;
  return work;
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
  Progress(const cli::Messages& options, Console& console) : console_(console) {
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
  const auto log = make_logger(options.verbosity, console);
  video::VideoOptions work = options_of(options);

  const NamedModel named = name_model(options, *log);
  if (named.chosen.is_starter && !options.verbosity.quiet) console.line("da3: " + starter_notice());
  const int cores = core::usable_cores();
  const run::ThreadPlan threads =
      run::plan_threads(named.device.kind, cores, options.threads, options.decode_threads);
  work.host_threads = threads.host;
  work.read.threads = threads.host;
  const auto model = open_model(named, options, threads.inference, options.preprocess, *log);
  const auto memory = engine::make_memory_probe();
  limit_tensor_memory(named.device, options.memory_fraction, *memory);

  Progress progress(options, console);
  video::VideoCallbacks callbacks;
  callbacks.on_progress = [&](const video::VideoProgress& each) { progress.show(each); };
  callbacks.on_note = [&](bool warning, const std::string& text) {
    log->log(warning ? spdlog::level::warn : spdlog::level::info, "{}", text);
  };
  callbacks.on_record = [&](const std::string& json) {
    if (!options.json) return;
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
  if (!options.verbosity.quiet) console.line("da3: " + frames_text(summary));
  if (summary.interrupted) return interrupts.exit_code();
  return summary.failed > 0 || summary.cut_short ? 1 : 0;
}

}  // namespace da3::commands
