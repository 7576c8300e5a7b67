// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <istream>
#include <string>
#include <version>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <commands/commands.hpp>
#include <commands/console.hpp>
#include <commands/interrupts.hpp>
#include <commands/log.hpp>
#include <commands/open_model.hpp>
#include <commands/stoppable_input.hpp>
#include <commands/video_library.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>
#include <video/run_video.hpp>

#include <da3/error.hpp>

#include <core/host/host_memory.hpp>
#include <core/text.hpp>
#include <engine/engine.hpp>
#include <run/run.hpp>

namespace da3::commands {
namespace {

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
  for (const std::string& warning : forecast.warnings) lines += "warning    " + warning + "\n";
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
                         {"files", forecast.files},
                         {"warnings", forecast.warnings}};
  if (forecast.frames) plan["frames"] = *forecast.frames;
  return plan.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string frames_text(const video::VideoSummary& summary, bool is_pipe) {
  char text[160];
  const double rate = summary.elapsed_s > 0 ? static_cast<double>(summary.done) / summary.elapsed_s : 0;
  std::snprintf(text, sizeof(text), "%lld frames done in %.1f s (%.2f frames/s; forward passes %.1f s)",
                static_cast<long long>(summary.done), summary.elapsed_s, rate, summary.forward_s);
  std::string line = text;
  if (summary.resumed > 0) line += ", " + std::to_string(summary.resumed) + " done before";
  if (summary.failed > 0) line += ", " + std::to_string(summary.failed) + " failed";
  if (summary.interrupted) {
    return line + (is_pipe ? "; interrupted: a pipe cannot be read again, the same command begins anew"
                           : "; interrupted: the same command goes on where this one stopped");
  }
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

/// Frames come and go in other orders from time to time. With glibc's default, which learns from what is
/// freed, their blocks move into its heaps, which grew by 6 % from 100 to 3000 frames of 1280x720.
void keep_frames_out_of_heaps() {
#ifdef __GLIBC__
  constexpr int kFrameBytes = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, kFrameBytes);
  // Smaller maps, some of each frame, stay in heaps and are not fetched from the system each time.
  mallopt(M_TRIM_THRESHOLD, 16 * kFrameBytes);
#endif
}

}  // namespace

int video(const cli::Video& options) {
  keep_frames_out_of_heaps();
  Console console;
  // A reader of our output that goes away is an error, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  const Interrupts interrupts([console](int) {
    console.line("da3: stopping; what is running is finished first (once more: at once)");
  });
  const auto log = make_logger(options.verbosity, console);
  video::VideoOptions work = options;
  StoppableStream stream(STDIN_FILENO, interrupts.token());
  work.stream = &stream;

  const NamedModel named = name_model(options, *log);
  if (named.chosen.is_starter && !options.verbosity.quiet) console.line("da3: " + starter_notice());
  if (options.dry_run) {
    const video::VideoForecast forecast = video::forecast_video(work, named.described.spec, video_library());
    put_on_stdout(options.json ? forecast_json(forecast, options.input)
                               : forecast_text(forecast, options.input));
    return 0;
  }
  const int cores = core::usable_cores();
  const run::ThreadPlan threads =
      run::plan_threads(named.device.kind, cores, options.threads, options.decode_threads);
  work.host_threads = threads.host;
  work.read.threads =
      options.decode_threads > 0 ? threads.host : video::decoder_threads(named.device.kind, threads.host);
  const auto model =
      open_model(named, options, threads.inference, options.preprocess, *log, {.cameras = false});
  const auto memory = engine::make_memory_probe();
  limit_tensor_memory(named.device, options.memory_fraction, *memory);

  Progress progress(options, console);
  video::VideoCallbacks callbacks;
  callbacks.on_progress = [&](const video::VideoProgress& each) { progress.show(each); };
  callbacks.on_note = [&](bool warning, const std::string& text) {
    log->log(warning ? spdlog::level::warn : spdlog::level::info, "{}", text);
  };
  callbacks.on_failure = [&](const std::string& text) { console.line("da3: " + text); };
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
  const video::VideoSummary summary = [&] {
    try {
      return video::run_video(work, environment, callbacks, interrupts.token());
    } catch (const Error& error) {
      // A pipe that is asked to stop before its first frame ends without a header.
      const bool stopped_waiting = options.input == "-" && interrupts.token().stop_requested();
      if (!stopped_waiting || error.code() != ErrorCode::kVideoDamaged) throw;
      video::VideoSummary stopped;
      stopped.interrupted = true;
      return stopped;
    }
  }();
  progress.finish();
  const bool fails = summary.failed > 0 || summary.cut_short;
  if (!options.verbosity.quiet || fails) console.line("da3: " + frames_text(summary, options.input == "-"));
  if (summary.interrupted) return interrupts.exit_code();
  return fails ? 1 : 0;
}

}  // namespace da3::commands
