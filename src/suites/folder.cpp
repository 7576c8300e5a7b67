// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <core/text.hpp>
#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/estimate.hpp>
#ifdef DA3_WITH_PICTURES
#include <algorithm>
#include <functional>
#include <map>
#include <ranges>
#include <string>
#include <string_view>
#include <system_error>

#include <da3/error.hpp>

#include <bench/report/case_metrics.hpp>
#include <core/host/host_memory.hpp>
#include <run/run.hpp>
#include <suites/drawn_picture.hpp>
#include <suites/photo_files.hpp>
#endif

namespace da3::suites {

std::vector<bench::PlannedGroup> expand_folder(const bench::PlanOptions& options,
                                               const bench::PlanFacts& facts) {
  auto groups = whole_program(bench::SuiteName::kFolder, {photos_of(options).front()}, options, facts);
  if (options.result_formats.empty()) return groups;
  for (bench::PlannedGroup& group : groups) {
    for (bench::PlannedCase& each : group.cases)
      each.settings.set("formats", core::joined(options.result_formats, ","));
  }
  return groups;
}

double estimate_folder(const bench::Fields& settings, double gflops) {
  return static_cast<double>(settings.number("images")) *
         (3 * forward_seconds(settings, gflops) + 2 * (read_seconds(settings) + write_seconds(settings)));
}

#ifdef DA3_WITH_PICTURES
namespace {

// Runs of the pipeline over one folder, and the same forward passes without the rest.
class FolderRun {
 public:
  FolderRun(std::shared_ptr<predict::DepthModel> model, const bench::Fields& settings, const Context& context)
      : model_(std::move(model)),
        memory_(context.memory),
        run_program_(context.run_program),
        images_(static_cast<int>(settings.number("images"))) {
    const Size photo{static_cast<int>(settings.number("photo_height")),
                     static_cast<int>(settings.number("photo_width"))};
    options_.inputs = {write_photos(context.scratch, photo, images_)};
    options_.output_dir = context.scratch / "folder-results";
    if (!model_->spec().fixed_size) options_.process_res = static_cast<int>(settings.number("process_res"));
    options_.threads = static_cast<int>(settings.number("threads"));
    if (settings.find("formats") != nullptr) {
      options_.formats.clear();
      const std::string formats = settings.text("formats");
      for (const auto format : std::views::split(formats, ','))
        options_.formats.emplace_back(format.begin(), format.end());
    }
    options_.learned_batches = context.scratch / "learned-batches";
    size_ = processed_size_of(settings);
    if (run_program_) command_ = command_of(settings, context.model_file(settings.text("model")).file);
  }

  void remove_results() const {
    std::error_code ignored;
    std::filesystem::remove_all(options_.output_dir, ignored);
    std::filesystem::remove_all(command_output(), ignored);
  }

  bool has_command() const { return !command_.empty(); }

  /// What a user waits for: the same as `run` by a process of its own, from its start to its end.
  void run_command() const { run_program_(command_); }

  bench::Parts run() {
    const run::Summary summary = run::run(options_, {.model = model_, .memory = memory_, .cores = 0});
    if (summary.done != static_cast<std::size_t>(images_)) {
      throw Error(ErrorCode::kInternal,
                  std::to_string(summary.failed) + " of the benchmark's own photos failed");
    }
    batch_ = summary.shapes.empty() ? 1 : std::max(1, summary.shapes.front().batch);
    double busy = 0;
    for (const double seconds : summary.busy_s) busy += seconds;
    bench::Parts parts;
    constexpr double kMsPerS = 1e3;
    const double forward = summary.busy_s[static_cast<std::size_t>(run::Stage::kForward)];
    parts.emplace_back("others_ms", kMsPerS * (busy - forward));
    for (std::size_t s = 0; s < run::kNumStages && busy > 0; ++s) {
      const std::string name(run::to_string(static_cast<run::Stage>(s)));
      parts.emplace_back(name + "_share", summary.busy_s[s] / busy);
    }
    return parts;
  }

  // The same number of images in forward passes of the batch that the pipeline came to.
  void forwards_only() {
    for (int left = images_; left > 0;) {
      const int batch = std::min(left, batch_);
      model_->predict(pictures(batch).request());
      left -= batch;
    }
    model_->synchronize();
  }

  int batch() const { return batch_; }
  std::string formats() const { return core::joined(options_.formats, ","); }

 private:
  std::filesystem::path command_output() const {
    return options_.output_dir.parent_path() / "folder-command-results";
  }

  std::vector<std::string> command_of(const bench::Fields& settings,
                                      const std::filesystem::path& model_file) const {
    std::vector<std::string> command = {"infer",
                                        options_.inputs.front().string(),
                                        "-q",
                                        "--trust-code",
                                        "--allow-synthetic",
                                        "-o",
                                        command_output().string(),
                                        "-m",
                                        model_file.string(),
                                        "-f",
                                        formats(),
                                        "--device",
                                        settings.text("device")};
    const auto add = [&](std::string_view option, std::string_view value) {
      command.emplace_back(option);
      command.emplace_back(value);
    };
    if (const auto precision = precision_of(settings)) add("--precision", to_string(*precision));
    if (const Attention attention = attention_of(settings); attention != Attention::kFixed)
      add("--attention", to_string(attention));
    if (options_.process_res) add("--process-res", std::to_string(*options_.process_res));
    add("--threads", std::to_string(options_.threads));
    return command;
  }

  // Drawn once, in the warm-up, so that drawing is no part of the forward passes' time.
  const DrawnBatch& pictures(int batch) {
    auto found = pictures_.find(batch);
    if (found == pictures_.end()) found = pictures_.emplace(batch, DrawnBatch(size_, batch)).first;
    return found->second;
  }

  std::shared_ptr<predict::DepthModel> model_;
  predict::MemoryProbe* memory_;
  std::function<void(const std::vector<std::string>&)> run_program_;
  int images_;
  int batch_ = 1;
  Size size_;
  std::map<int, DrawnBatch> pictures_;
  run::Options options_;
  std::vector<std::string> command_;  // Empty: not measured
};

}  // namespace

PreparedCase prepare_folder(const bench::Fields& settings, const Context& context, GroupModels& models) {
  const auto model = models.get(settings);
  const auto run = std::make_shared<FolderRun>(model, settings, context);
  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  prepared.facts.set("formats", run->formats());
  prepared.workload.prepare = [run] { run->remove_results(); };
  prepared.workload.steps = {{"total_ms", [run] { return run->run(); }}, {"forward_only_ms", [run] {
                                                                            run->forwards_only();
                                                                            return bench::Parts{};
                                                                          }}};
  if (run->has_command()) {
    prepared.workload.steps.push_back({"command_ms", [run] {
                                         run->run_command();
                                         return bench::Parts{};
                                       }});
  }
  prepared.workload.synchronize = [model] { model->synchronize(); };
  prepared.finish = [run](bench::CaseResult& result) {
    result.facts.set("largest_batch", std::int64_t{run->batch()});
    const auto total = result.number("total_ms");
    const auto forwards = result.number("forward_only_ms");
    bench::add_image_rate(result);
    if (!total || !forwards || !(*forwards > 0)) return;
    result.set("overhead_share", *total / *forwards - 1);
    const auto others = result.number("others_ms");
    if (others) result.set("ideal_share", *total / (*forwards + *others / core::usable_cores()) - 1);
  };
  return prepared;
}
#else
PreparedCase prepare_folder(const bench::Fields&, const Context&, GroupModels&) {
  refuse_without_pictures();
}
#endif

}  // namespace da3::suites
