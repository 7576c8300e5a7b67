// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include <journal/records.hpp>
#include <journal/result_folder.hpp>
#include <predict/batch_planner.hpp>
#include <sys/stat.h>

#include <da3/error.hpp>

#include <core/host/host_memory.hpp>
#include <run/input_source.hpp>
#include <run/learned_file.hpp>
#include <run/run.hpp>
#include <run/settings.hpp>

namespace da3::run {
namespace {

/// As ResultFolder::finished, without opening the folder for writing.
bool is_finished(const Item& item, const std::filesystem::path& folder, const journal::ManifestIndex& index,
                 const std::string& digest) {
  const auto identity = item.identity();
  return identity && journal::finished_input(folder, index, digest, item.path, item.stem(), *identity);
}

ImageEvent unusable(const Item& item, const Error& error) {
  ImageEvent event;
  event.path = item.path;
  event.status = ImageStatus::kFailed;
  event.error = error.code();
  event.message = error.what();
  event.json = journal::to_json(journal::failed_record(item.path, error));
  return event;
}

PlannedShape plan_shape(Size size, std::size_t images, const predict::BatchPlanner& planner,
                        const Options& options) {
  PlannedShape shape;
  shape.size = size;
  shape.images = images;
  shape.batch =
      std::min(planner.wanted_batch(size), static_cast<int>(std::min<std::size_t>(images, 1 << 20)));
  shape.predicted_bytes = planner.predicted_bytes(size, shape.batch);
  const predict::ShapeBatches known = planner.shape(size);
  if (options.batch) {
    shape.reason = to_string(predict::BatchLimit::kFixed);
  } else if (known.samples.empty()) {
    shape.reason = "not measured yet: begins with 1 and grows while it pays";
  } else {
    shape.reason = to_string(known.limit);
  }
  return shape;
}

}  // namespace

Plan plan(const Options& options, const ModelSpec& model, const DeviceId& device, Precision precision,
          Attention attention, predict::MemoryProbe& memory, std::stop_token stop) {
  const Settings settings = make_settings(options, model);
  const std::string digest =
      journal::results_digest(make_run_record(options, settings, model, device, precision, attention));
  std::optional<journal::Shard> shard;
  if (options.shard) shard = journal::Shard{options.shard->index, options.shard->count};
  const journal::ManifestIndex index = journal::read_manifests(options.output_dir, shard);

  Plan plan;
  std::map<Size, std::size_t> shapes;
  InputSource source(options);
  while (!stop.stop_requested() && (!options.limit || plan.inputs < *options.limit)) {
    const std::optional<Item> item = source.next();
    if (!item) break;
    if (options.shard && !takes(*options.shard, *item)) continue;
    ++plan.inputs;
    if (!options.overwrite && is_finished(*item, options.output_dir, index, digest)) {
      ++plan.finished;
      continue;
    }
    try {
      ++shapes[depth::processed_size(settings.way, item->open(settings.decode)->size())];
    } catch (const Error& error) {
      plan.unusable.push_back(unusable(*item, error));
    }
  }
  if (plan.inputs == 0)
    throw Error(ErrorCode::kNoInput, "no picture was found; sub-folders are searched with --recursive");
  const predict::BatchPlanner planner(
      planner_options(options, model, device, precision, attention, core::usable_cores(), memory), memory,
      options.batch ? predict::LearnedBatches{} : read_learned(options.learned_batches));
  for (const auto& [size, images] : shapes) plan.shapes.push_back(plan_shape(size, images, planner, options));
  std::stable_sort(plan.shapes.begin(), plan.shapes.end(),
                   [](const PlannedShape& a, const PlannedShape& b) { return a.images > b.images; });
  plan.free_bytes = memory.device(device).free_bytes;
  plan.allowed_bytes =
      static_cast<std::uint64_t>(options.memory_fraction * static_cast<double>(plan.free_bytes));
  return plan;
}

}  // namespace da3::run
