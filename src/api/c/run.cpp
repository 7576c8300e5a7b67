// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <stop_token>

#include <api/c/call.hpp>
#include <api/c/handles.hpp>
#include <api/shared_model.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <hub/model_store.hpp>
#include <run/run.hpp>

namespace {

using namespace da3;          // NOLINT(google-build-using-namespace)
using namespace da3::api::c;  // NOLINT(google-build-using-namespace)

void check_count(const char* name, std::int64_t value) {
  if (value < 0) {
    throw Error(ErrorCode::kUsage,
                std::string(name) + ": expected 0 or more, found " + std::to_string(value));
  }
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    parts.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

run::Options run_options(const da3_run_options& given, const da3_model& model) {
  run::Options result;
  if (given.num_inputs > 0) require(given.inputs, "inputs");
  for (std::size_t i = 0; i < given.num_inputs; ++i) {
    require(given.inputs[i], "inputs[i]");
    if (std::string_view(given.inputs[i]) == "-") {
      throw Error(ErrorCode::kUsage, "inputs: '-' is for the program; give the paths themselves");
    }
    result.inputs.emplace_back(given.inputs[i]);
  }
  if (given.output != nullptr) result.output_dir = given.output;
  if (given.formats != nullptr) result.formats = split(given.formats);
  if (given.colormap != nullptr) result.colormap = given.colormap;
  if (given.vis_near != given.vis_far) result.vis_range = {given.vis_near, given.vis_far};
  if (given.resize_method != nullptr) result.resize_method = parse_resize_method(given.resize_method);
  if (given.focal_px != 0) result.focal_px = given.focal_px;
  if (given.hfov_deg != 0) result.hfov_deg = given.hfov_deg;
  if (given.process_res != 0) result.process_res = given.process_res;
  result.recursive = given.recursive != 0;
  result.confidence = given.confidence != 0;
  result.sky = given.sky != 0;
  result.size = given.at_model_size != 0 ? run::ResultSize::kModel : run::ResultSize::kInput;
  result.overwrite = given.overwrite != 0;
  check_count("batch", given.batch);
  check_count("decode_threads", given.decode_threads);
  if (given.batch != 0) result.batch = given.batch;
  result.threads = model.threads;
  result.decode_threads = given.decode_threads;
  if (given.shard_index != 0 || given.shard_count != 0) {
    result.shard = run::Shard{given.shard_index, given.shard_count};
  }
  if (given.memory_fraction != 0) result.memory_fraction = given.memory_fraction;
  if (given.limit != 0) result.limit = given.limit;
  if (given.max_pixels != 0) result.max_pixels = given.max_pixels;
  result.learned_batches = hub::Folders::from_environment().learned_batches();
  return result;
}

/// Tensor memory that a run on a CPU may fill. Memory that runs out there ends the process; below a bound it
/// is an error that a smaller batch answers.
std::uint64_t memory_for(const run::Options& work, predict::MemoryProbe& memory) {
  // The run itself refuses any other fraction.
  const double fraction = work.memory_fraction > 0 ? std::min(work.memory_fraction, 1.0) : 0.0;
  const double allowed = fraction * static_cast<double>(memory.host().free_bytes);
  return engine::cpu_memory().in_use_bytes + static_cast<std::uint64_t>(allowed);
}

void refuse_synthetic(const ModelSpec& spec) {
  if (spec.origin != WeightsOrigin::kSynthetic) return;
  throw Error(ErrorCode::kModelSynthetic,
              spec.name +
                  ": its weights are synthetic, so its depth means nothing; set allow_synthetic to run it "
                  "all the same");
}

/// The caller's callbacks as a run wants them.
class Told {
 public:
  explicit Told(const da3_run_callbacks& to) : to_(to) {}

  run::Callbacks callbacks() {
    run::Callbacks result;
    if (to_.on_image != nullptr) result.on_image = [this](const run::ImageEvent& event) { image(event); };
    if (to_.on_progress != nullptr) {
      result.on_progress = [this](const run::Progress& progress) { show(progress); };
    }
    if (to_.on_note != nullptr) {
      result.on_note = [this](const run::Note& note) {
        answer(to_.on_note(to_.user, note.warning ? 1 : 0, note.text.c_str()));
      };
    }
    return result;
  }
  std::stop_token token() const { return stop_.get_token(); }

 private:
  void answer(std::int32_t code) {
    if (code != 0) stop_.request_stop();
  }

  void image(const run::ImageEvent& event) {
    std::vector<const char*> warnings;
    for (const std::string& warning : event.warnings) warnings.push_back(warning.c_str());
    da3_image_event told{};
    told.struct_size = sizeof told;
    told.path = event.path.c_str();
    told.status = event.status == run::ImageStatus::kDone      ? DA3_IMAGE_DONE
                  : event.status == run::ImageStatus::kSkipped ? DA3_IMAGE_SKIPPED
                                                               : DA3_IMAGE_FAILED;
    if (event.error) told.error_code = error_name(*event.error).data();
    told.message = event.message.c_str();
    told.json = event.json.c_str();
    told.warnings = warnings.data();
    told.num_warnings = warnings.size();
    answer(to_.on_image(to_.user, &told));
  }

  void show(const run::Progress& progress) {
    da3_progress told{};
    told.struct_size = sizeof told;
    told.done = progress.done;
    told.failed = progress.failed;
    told.skipped = progress.skipped;
    told.found = progress.total.value_or(progress.found);
    told.total_known = progress.total ? 1 : 0;
    told.images_per_s = progress.images_per_s;
    told.remaining_s = progress.remaining_s.value_or(-1);
    told.elapsed_s = progress.elapsed_s;
    answer(to_.on_progress(to_.user, &told));
  }

  da3_run_callbacks to_;
  std::stop_source stop_;
};

}  // namespace

extern "C" da3_status da3_run(const da3_model* model, const da3_run_options* options,
                              const da3_run_callbacks* callbacks, da3_run_summary* summary) {
  return call([&] {
    require(model, "model");
    require(options, "options");
    const da3_run_options given = read(options, da3_run_options DA3_RUN_OPTIONS_INIT, "options");
    da3::api::refuse_after_fork();  // Else every photo would be one that failed.
    if (given.allow_synthetic == 0) refuse_synthetic(model->model.spec());
    const run::Options work = run_options(given, *model);
    Told told(read(callbacks, da3_run_callbacks DA3_RUN_CALLBACKS_INIT, "callbacks"));
    const auto memory = engine::make_memory_probe();
    std::optional<engine::CpuMemoryBound> bound;
    if (model->model.device().kind == DeviceKind::kCpu) bound.emplace(memory_for(work, *memory));
    const run::Summary done =
        run::run(work, {ModelAccess::network(model->model), memory.get(), 0}, told.callbacks(), told.token());
    if (summary != nullptr) {
      write(da3_run_summary{sizeof(da3_run_summary), done.done, done.failed, done.skipped,
                            done.interrupted ? 1 : 0, done.elapsed_s},
            summary, "summary");
    }
  });
}
