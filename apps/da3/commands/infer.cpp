// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iostream>
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
#include <commands/model_choice.hpp>
#include <commands/progress_view.hpp>
#include <commands/single_file.hpp>
#include <commands/text.hpp>

#include <da3/error.hpp>

#include <core/host/host_memory.hpp>
#include <core/nearest.hpp>
#include <engine/device/gpu_jpeg.hpp>
#include <engine/engine.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <hub/model_store.hpp>
#include <image/colormap.hpp>
#include <run/run.hpp>

namespace da3::commands {
namespace {

// Memory that runs out on a CPU ends the program; below a budget it is an error that a smaller batch answers.
void limit_tensor_memory(double fraction, predict::MemoryProbe& memory) {
  const auto allowed = static_cast<std::uint64_t>(fraction * static_cast<double>(memory.host().free_bytes));
  engine::set_cpu_memory_budget(engine::cpu_memory().in_use_bytes + allowed);
}

// What the parser cannot see without the modules.
void check_here(const cli::Infer& options) {
  const auto names = image::colormap_names();
  if (std::find(names.begin(), names.end(), options.colormap) == names.end()) {
    std::string list;
    std::vector<std::string> known;
    for (const std::string_view name : names) {
      list += (list.empty() ? "" : ", ") + std::string(name);
      known.emplace_back(name);
    }
    const std::optional<std::string> meant = core::nearest(options.colormap, known);
    throw Error(ErrorCode::kUsage, "infer: --colormap: '" + options.colormap + "' is not one of " + list +
                                       (meant ? "; did you mean " + *meant + "?" : ""));
  }
}

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

run::Options pipeline_options(const cli::Infer& options) {
  run::Options result;
  result.inputs.assign(options.inputs.begin(), options.inputs.end());
  result.recursive = options.recursive;
  if (!options.root.empty()) result.root = options.root;
  result.exclude = options.exclude;
  result.list = &std::cin;
  result.list_format = options.null_separated ? run::ListFormat::kNul : run::ListFormat::kLines;
  if (options.shard) result.shard = run::Shard{options.shard->index, options.shard->count};
  result.limit = options.limit;
  result.max_pixels = options.max_pixels;
  result.process_res = options.process_res;
  result.resize_method = options.resize_method;
  result.focal_px = options.focal_px;
  result.hfov_deg = options.hfov_deg;
  result.intrinsics = options.intrinsics;
  result.output_dir = options.output;
  result.formats = cli::named_formats(options.formats, options.vis_format);
  result.preview = options.preview;
  result.exr_compression = options.exr_compression;
  result.exr_channels = options.exr_channels;
  result.size = options.size == cli::ResultSize::kInput ? run::ResultSize::kInput : run::ResultSize::kModel;
  result.colormap = options.colormap;
  result.vis_range = options.vis_range;
  result.range_of_set = options.range_of_set;
  result.confidence = options.confidence;
  result.sky = options.sky;
  result.overwrite = options.overwrite;
  result.batch = options.batch;
  result.memory_fraction = options.memory_fraction;
  result.threads = options.threads;
  result.decode_threads = options.decode_threads;
  result.learned_batches = hub::Folders::from_environment().learned_batches();
  return result;
}

ProgressView::Style progress_style(const cli::Infer& options) {
  using enum cli::ShowProgress;
  if (options.progress == kNever || (options.progress == kAuto && options.verbosity.quiet)) {
    return ProgressView::Style::kNone;
  }
  return options.progress == kAlways || Console::is_terminal() ? ProgressView::Style::kBar
                                                               : ProgressView::Style::kLines;
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
        view_(console, progress_style(options)) {}

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

  void finish(const run::Summary& summary) {
    view_.finish();
    for (const run::ShapeSummary& shape : summary.shapes) log_->info("{}", shape_text(shape));
    log_->info("{}", busy_text(summary));
    // Once each, with a count: a thousand photos of one camera have the same to say.
    for (const auto& [warning, count] : warnings_) log_->warn("{}: {}", count_of(count, "photo"), warning);
    if (options_.verbosity.quiet) return;
    if (is_starter_ && summary.done > 0) console_.line("da3: " + starter_notice());
    console_.line("da3: " + summary_text(summary, options_, model_));
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
            const std::stop_token& stop) {
  const auto memory = engine::make_memory_probe();
  const run::Plan plan =
      run::plan(pipeline_options(options), spec, device, options.precision.value_or(Precision::kFp32),
                options.attention.value_or(Attention::kSdpa), *memory, stop);
  std::cout << (options.json ? plan_json(plan, spec, device) : plan_text(plan, spec, device)) << std::flush;
  return 0;
}

}  // namespace

int infer(const cli::Infer& options) {
  Console console;
  const Interrupts interrupts([&console](int) {
    console.line("da3: stopping; what is running is finished first (once more: at once)");
  });
  const auto log = make_logger(options.verbosity, console);
  check_here(options);

  const ChosenModel chosen = choose_model(options.model);
  const DescribedModel described = read_description(chosen.file, options.describe);
  if (!options.allow_synthetic) refuse_synthetic(described.spec);
  if (const std::string notice = check_code(chosen, described, options.trust_code); !notice.empty()) {
    log->warn("{}", notice);
  }
  const DeviceId device = choose_device(options.device);
  if (options.dry_run) return dry_run(options, described.spec, device, interrupts.token());

  const int cores = core::usable_cores();
  const run::ThreadPlan threads =
      run::plan_threads(device.kind, cores, options.threads, options.decode_threads);
  engine::LoadOptions load;
  load.device = device;
  load.precision = options.precision;
  load.attention = options.attention;
  load.threads = threads.inference;
  // auto: bytes are a quarter of the upload, and the device normalises them in passing.
  load.normalise = options.preprocess == cli::PreprocessOn::kCpu ? engine::NormaliseOn::kHost
                                                                 : engine::NormaliseOn::kDevice;
  load.describe = described.describe;
  load.identity_folder = hub::Folders::from_environment().cache;
  Reporter reporter(options, described.spec, chosen.is_starter, console, log);
  reporter.loading();
  const std::shared_ptr<predict::DepthModel> model = engine::load_model(chosen.file, load);
  log->info("{} from {} on {}, {}, attention {}, {} of {} cores for a forward", model->spec().name,
            chosen.file.string(), to_string(model->device()), to_string(model->precision()),
            to_string(model->attention()), threads.inference, cores);

  const auto memory = engine::make_memory_probe();
  if (device.kind == DeviceKind::kCpu) limit_tensor_memory(options.memory_fraction, *memory);
  run::Options work = pipeline_options(options);
  work.jpeg_pixels = jpeg_pixels(options, device, *log);
  const SingleFile single(options);
  single.apply(work);
  const run::Summary summary =
      run::run(work, {model, memory.get(), cores}, reporter.callbacks(), interrupts.token());
  single.publish();
  reporter.finish(summary);
  if (summary.interrupted) return interrupts.exit_code();
  return summary.failed > 0 ? 1 : 0;
}

}  // namespace da3::commands
