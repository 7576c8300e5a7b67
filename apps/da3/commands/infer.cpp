// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>
#include <istream>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <commands/commands.hpp>
#include <commands/console.hpp>
#include <commands/infer_report.hpp>
#include <commands/interrupts.hpp>
#include <commands/log.hpp>
#include <commands/open_model.hpp>
#include <commands/progress_view.hpp>
#include <commands/single_file.hpp>
#include <commands/stoppable_input.hpp>
#include <commands/text.hpp>
#include <unistd.h>

#include <core/host/host_memory.hpp>
#include <engine/device/gpu_jpeg.hpp>
#include <engine/engine.hpp>
#include <hub/model_store.hpp>
#include <run/run.hpp>

namespace da3::commands {
namespace {

// With --preprocess device JPEG files are decoded by the GPU where that works, else as always.
codec::JpegPixels jpeg_pixels(const cli::Infer& options, const DeviceId& device, spdlog::logger& log) {
  if (options.preprocess != cli::PreprocessOn::kDevice) return {};
  engine::GpuJpegResult loaded = engine::load_gpu_jpeg(device);
  if (!loaded.decoder) {
    log.info("--preprocess device: decoding on the CPU ({}), normalising on {}", loaded.reason,
             to_string(device));
    return {};
  }
  log.info("--preprocess device: decoding JPEG files with {}", loaded.reason);
  return [decoder = std::shared_ptr<engine::GpuJpegDecoder>(std::move(loaded.decoder))](
             std::span<const std::uint8_t> jpeg, Size size) { return decoder->decode(jpeg, size); };
}

run::Options run_options(const cli::Infer& options, const std::shared_ptr<std::istream>& list) {
  run::Options result;
  static_cast<options::Infer&>(result) = options;
  result.list = list;
  result.learned_batches = hub::Folders::from_environment().learned_batches();
  return result;
}

// The callbacks' side of a run: standard output for programs, standard error for people.
class Reporter {
 public:
  Reporter(const cli::Infer& options, const ModelSpec& model, bool is_starter, Console& console,
           std::shared_ptr<spdlog::logger> log)
      : options_(options),
        model_(model),
        is_starter_(is_starter),
        console_(console),
        log_(std::move(log)),
        view_(console, ProgressView::style_of(options)) {}

  /// An error that ends the run finds an empty line.
  ~Reporter() { view_.finish(); }
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  /// Before the model is there.
  void loading() { view_.say("loading " + model_.name); }

  run::Callbacks callbacks() {
    return {[this](const run::ImageEvent& event) { image(event); },
            [this](const run::Progress& progress) { view_.show(progress); },
            [this](const run::Note& note) {
              log_->log(note.warning ? spdlog::level::warn : spdlog::level::info, "{}", note.text);
            }};
  }

  void finish(const run::Summary& summary, const SingleFile& single) {
    view_.finish();
    for (const run::ShapeSummary& shape : summary.shapes) log_->info("{}", shape_text(shape));
    log_->info("{}", busy_text(summary));
    // Once each, with a count: a thousand photos of one camera have the same to say.
    for (const auto& [warning, count] : warnings_) log_->warn("{}: {}", count_of(count, "photo"), warning);
    if (options_.verbosity.quiet) return;
    if (is_starter_ && summary.done > 0) console_.line("da3: " + starter_notice());
    console_.line("da3: " + summary_text(summary, options_, model_, single));
  }

 private:
  void image(const run::ImageEvent& event) {
    if (options_.json) {
      std::printf("%s\n", event.json.c_str());
      std::fflush(stdout);
    }
    for (const std::string& warning : event.warnings) {
      ++warnings_[warning];
      log_->info("{}: {}", event.path, warning);
    }
    if (event.status == run::ImageStatus::kFailed) {
      console_.line("da3: " + event.message);
    } else {
      log_->debug("{}: {}", event.path, event.status == run::ImageStatus::kDone ? "done" : "done before");
    }
  }

  const cli::Infer& options_;
  const ModelSpec& model_;
  bool is_starter_;
  Console& console_;
  std::shared_ptr<spdlog::logger> log_;
  ProgressView view_;
  std::map<std::string, std::size_t> warnings_;
};

int dry_run(const cli::Infer& options, const ModelSpec& spec, const DeviceId& device,
            const std::shared_ptr<std::istream>& list, const std::stop_token& stop) {
  const auto memory = engine::make_memory_probe();
  const run::Plan plan =
      run::plan(run_options(options, list), spec, device, options.precision.value_or(Precision::kFp32),
                options.attention.value_or(Attention::kSdpa), *memory, stop);
  put_on_stdout(options.json ? plan_json(plan, spec, device) : plan_text(plan, spec, device));
  return 0;
}

}  // namespace

int infer(const cli::Infer& options) {
  Console console;
  const Interrupts interrupts([console](int) {
    console.line("da3: stopping; what is running is finished first (once more: at once)");
  });
  const auto list = std::make_shared<StoppableStream>(STDIN_FILENO, interrupts.token());
  const auto log = make_logger(options.verbosity, console);

  const NamedModel named = name_model(options, *log);
  const ModelSpec& spec = named.described.spec;
  const DeviceId& device = named.device;
  if (options.dry_run) return dry_run(options, spec, device, list, interrupts.token());

  const int cores = core::usable_cores();
  const run::ThreadPlan threads =
      run::plan_threads(device.kind, cores, options.threads, options.decode_threads);
  Reporter reporter(options, spec, named.chosen.is_starter, console, log);
  reporter.loading();
  run::Options work = run_options(options, list);
  const SingleFile single(options);
  single.apply(work);
  const engine::Parts parts{.cameras = run::needs_cameras(work)};
  const auto model = open_model(named, options, threads.inference, options.preprocess, *log, parts);
  log->info("{} of {} cores for a forward pass", threads.inference, cores);

  const auto memory = engine::make_memory_probe();
  limit_tensor_memory(device, options.memory_fraction, *memory);
  work.jpeg_pixels = jpeg_pixels(options, device, *log);
  const run::Summary summary =
      run::run(work, {model, memory.get(), cores}, reporter.callbacks(), interrupts.token());
  if (summary.done > 0) single.publish();
  reporter.finish(summary, single);
  if (summary.interrupted) return interrupts.exit_code();
  return summary.failed > 0 ? 1 : 0;
}

}  // namespace da3::commands
