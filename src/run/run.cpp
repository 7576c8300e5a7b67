// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include <predict/batch_planner.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/host/host_memory.hpp>
#include <core/host/process_limits.hpp>
#include <core/model_record.hpp>
#include <core/names.hpp>
#include <core/read_file.hpp>
#include <core/text.hpp>
#include <run/flow.hpp>
#include <run/folder_sink.hpp>
#include <run/input_source.hpp>
#include <run/learned_file.hpp>
#include <run/run.hpp>
#include <run/scanner.hpp>
#include <run/settings.hpp>

namespace da3::run {
namespace {

constexpr core::NameTable<Stage, kNumStages> kStages{{{Stage::kScan, "scan"},
                                                      {Stage::kDecode, "decode"},
                                                      {Stage::kPreprocess, "preprocess"},
                                                      {Stage::kForward, "forward"},
                                                      {Stage::kResize, "resize"},
                                                      {Stage::kWrite, "write"}}};

/// A share of the host's free memory: results of a few large photos at once, little of a small machine.
std::uint64_t window_bytes(const Options& options, predict::MemoryProbe& memory) {
  if (options.window_bytes > 0) return options.window_bytes;
  constexpr std::uint64_t kLeast = std::uint64_t{256} << 20;
  constexpr std::uint64_t kMost = std::uint64_t{2} << 30;
  constexpr std::uint64_t kShare = 8;
  return std::clamp(memory.host().free_bytes / kShare, kLeast, kMost);
}

/// Waits for something to do, so that a run without inputs makes no output folder.
/// Returns false if the run was stopped before. Throws: Error kNoInput.
bool wait_for_input(Scanner& scanner, const Options& options, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kPoll{50};
  for (;;) {
    scanner.wait_for_first(kPoll);
    const Scanner::Counts counts = scanner.counts();
    if (stop.stop_requested()) return false;
    if (counts.ended) scanner.rethrow();
    const bool listed = std::find(options.inputs.begin(), options.inputs.end(), "-") != options.inputs.end();
    if (counts.ended && (counts.seen == 0 || (counts.seen == counts.missing && !listed))) {
      std::string names;
      for (const auto& input : options.inputs) names += (names.empty() ? "" : ", ") + input.string();
      throw Error(
          ErrorCode::kNoInput,
          names + (counts.seen == 0 ? ": no picture was found; sub-folders are searched with --recursive"
                                    : ": no such file or folder; check the path"));
    }
    if (counts.ended || counts.found > 0) return true;
  }
}

void draw_set(Sink& sink, const Options& options, const Settings& settings, int threads,
              const Callbacks& callbacks, const std::stop_token& stop) {
  const DrawnSet drawn = sink.draw_set(options, settings, threads, stop);
  if (!callbacks.on_note) return;
  if (drawn.range) {
    callbacks.on_note({false, "one range for all pictures: " + core::exact_text(drawn.range->first) + " to " +
                                  core::exact_text(drawn.range->second)});
  }
  for (const std::string& line : drawn.left_out) callbacks.on_note({true, line});
  for (const std::string& reason : drawn.not_drawn) {
    callbacks.on_note({true, reason + "; its pictures keep separate ranges"});
  }
}

}  // namespace

std::string_view to_string(Stage stage) {
  return core::name_of(kStages, stage);
}

predict::BatchPlannerOptions planner_options(const Options& options, const ModelSpec& model,
                                             const DeviceId& device, Precision precision, Attention attention,
                                             int cores, predict::MemoryProbe& memory) {
  predict::BatchPlannerOptions planner;
  planner.key.identity = core::known_by(model);
  planner.key.device = device;
  planner.key.device_bytes = memory.device(device).total_bytes;
  planner.key.cores = cores;
  planner.key.precision = precision;
  planner.key.attention = attention;
  planner.fixed = options.batch;
  planner.memory_fraction = options.memory_fraction;
  return planner;
}

predict::LearnedBatches read_learned(const std::filesystem::path& file) {
  if (file.empty()) return {};
  return predict::parse_learned_batches(core::read_text(file));
}

std::optional<std::string> write_learned(const std::filesystem::path& file,
                                         const predict::LearnedBatches& learned) {
  if (file.empty() || learned.empty()) return std::nullopt;
  try {
    const std::string text = predict::to_text(learned);
    core::ensure_folder(file.parent_path());
    core::write_file(file, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                     core::Existing::kReplace);
  } catch (const Error& error) {
    return error.what();
  }
  return std::nullopt;
}

Summary run(const Options& options, const Environment& environment, const Callbacks& callbacks,
            std::stop_token stop) {
  // Checked before the source looks at any file.
  make_settings(options, environment.model->spec());
  return run(std::make_unique<InputSource>(options), options, environment, callbacks, std::move(stop));
}

Summary run(std::unique_ptr<Source> source, const Options& options, const Environment& environment,
            const Callbacks& callbacks, std::stop_token stop) {
  const MakeSink folder_sink = [&](const journal::RunRecord& header,
                                   const std::vector<formats::Format>& formats) {
    journal::ResultFolderOptions folder;
    if (options.shard) folder.shard = journal::Shard{options.shard->index, options.shard->count};
    folder.overwrite = options.overwrite;
    auto sink = std::make_unique<FolderSink>(options.output_dir, header, folder,
                                             formats::contains(formats, formats::Format::kHtml));
    if (!sink->locked() && callbacks.on_note) {
      callbacks.on_note({true, options.output_dir.string() +
                                   ": its file system has no locks, so see to it that no other run of da3 "
                                   "writes there"});
    }
    return sink;
  };
  return run(std::move(source), folder_sink, options, environment, callbacks, std::move(stop));
}

Summary run(std::unique_ptr<Source> source, const MakeSink& make_sink, const Options& options,
            const Environment& environment, const Callbacks& callbacks, std::stop_token stop) {
  predict::DepthModel& model = *environment.model;
  const ModelSpec& spec = model.spec();
  const Settings settings = make_settings(options, spec);
  const int cores = environment.cores > 0 ? environment.cores : core::usable_cores();
  ThreadPlan threads = plan_threads(model.device().kind, cores, options.threads, options.decode_threads);
  threads.host = host_threads_within(threads.host, core::free_descriptors());

  Scanner scanner(std::move(source), options.shard, options.limit);
  if (!wait_for_input(scanner, options, stop)) {
    Summary summary;
    summary.interrupted = true;
    return summary;
  }
  const std::unique_ptr<Sink> sink = make_sink(
      make_run_record(options, settings, spec, model.device(), model.precision(), model.attention()),
      settings.formats);

  const bool learns = !options.batch;
  predict::BatchPlanner planner(planner_options(options, spec, model.device(), model.precision(),
                                                model.attention(), cores, *environment.memory),
                                *environment.memory,
                                learns ? read_learned(options.learned_batches) : predict::LearnedBatches{});
  const Limits limits{threads.host, threads.alternate, options.window_images,
                      window_bytes(options, *environment.memory)};
  const FlowParts parts{scanner, settings, *sink, model, planner, *environment.memory, callbacks};
  const auto keep_learned = [&] {
    if (!learns) return;
    const std::optional<std::string> problem = write_learned(options.learned_batches, planner.learned());
    if (problem && callbacks.on_note)
      callbacks.on_note({false, "measured batches are not kept: " + *problem});
  };
  Summary summary;
  try {
    summary = Flow(parts, limits).run(stop);
  } catch (...) {
    keep_learned();
    throw;
  }
  keep_learned();
  if (options.range_of_set && !summary.interrupted && summary.done + summary.skipped > 0) {
    draw_set(*sink, options, settings, threads.host, callbacks, stop);
    summary.interrupted = stop.stop_requested();
  }
  sink->close();
  return summary;
}

}  // namespace da3::run
