// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <string>

#include <depth/way.hpp>
#include <video/frame_predictor.hpp>

#include <da3/error.hpp>

#include <core/model_record.hpp>

namespace da3::video {
namespace {

using Clock = std::chrono::steady_clock;

predict::BatchPlannerOptions planner_options(const VideoOptions& options,
                                             const VideoEnvironment& environment) {
  const predict::DepthModel& model = *environment.model;
  predict::BatchPlannerOptions planner;
  planner.key.identity = core::known_by(model.spec());
  planner.key.device = model.device();
  planner.key.cores = environment.cores;
  planner.key.precision = model.precision();
  planner.key.attention = model.attention();
  planner.fixed = options.batch;
  // A batch found by timing would let a run that goes on round otherwise, and on a CPU batches gain little.
  if (!planner.fixed && model.device().kind == DeviceKind::kCpu) planner.fixed = 1;
  planner.memory_fraction = options.memory_fraction;
  return planner;
}

}  // namespace

FramePredictor::FramePredictor(const VideoOptions& options, const VideoEnvironment& environment)
    : options_(options),
      model_(*environment.model),
      planner_(planner_options(options, environment), *environment.memory) {}

void FramePredictor::keep(std::int64_t pts, Work& work) {
  const std::lock_guard lock(mutex_);
  kept_.emplace(pts, Prediction{std::move(work.raw), std::move(work.confidence), std::move(work.sky),
                                std::move(work.look)});
}

bool FramePredictor::keeps(std::int64_t pts) const {
  const std::lock_guard lock(mutex_);
  return kept_.contains(pts);
}

std::size_t FramePredictor::kept() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

bool FramePredictor::shares_cores() const {
  return model_.device().kind == DeviceKind::kCpu;
}

std::size_t FramePredictor::next_batch(Size size) {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(planner_.next_batch(size));
}

int FramePredictor::wanted_batch(Size size) const {
  const std::lock_guard lock(mutex_);
  return planner_.wanted_batch(size);
}

bool FramePredictor::take_kept(Work& work) {
  const std::lock_guard lock(mutex_);
  const auto known = kept_.find(work.frame.pts);
  if (known == kept_.end() || known->second.raw.size != work.input.size) {
    if (work.input.rgb.empty()) {
      throw Error(ErrorCode::kInternal,
                  options_.input + ": frame " + std::to_string(work.frame.number) +
                      " was looked at before and now has another size; give --overwrite, --range running");
    }
    return false;
  }
  work.raw = std::move(known->second.raw);
  work.confidence = std::move(known->second.confidence);
  work.sky = std::move(known->second.sky);
  work.look = std::move(known->second.look);
  kept_.erase(known);
  return true;
}

void FramePredictor::predict(const Batch& batch) {
  std::vector<Work*> waiting;
  for (const WorkPtr& work : batch) {
    if (!work->frame.error && !take_kept(*work)) waiting.push_back(work.get());
  }
  while (!waiting.empty()) {
    const Size size = waiting.front()->input.size;
    std::vector<Work*> group;
    const std::size_t limit = next_batch(size);
    for (Work* work : waiting) {
      if (work->input.size == size && group.size() < limit) group.push_back(work);
    }
    std::erase_if(waiting,
                  [&](Work* work) { return std::find(group.begin(), group.end(), work) != group.end(); });
    forward(group, size, waiting);
  }
}

void FramePredictor::forward(const std::vector<Work*>& group, Size size, std::vector<Work*>& waiting) {
  predict::Request request;
  request.scenes = static_cast<int>(group.size());
  request.size = size;
  request.wanted.confidence = options_.confidence;
  request.wanted.sky = options_.sky;
  for (const Work* work : group) request.pictures.emplace_back(work->input.rgb);
  const Clock::time_point start = Clock::now();
  try {
    const predict::Result result = model_.predict(request);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    forward_s_ += seconds;
    last_forward_s_ = seconds / static_cast<double>(group.size());
    const std::lock_guard lock(mutex_);
    planner_.succeeded(size, request.scenes, seconds * 1e3, result.peak_bytes);
    for (std::size_t i = 0; i < group.size(); ++i) {
      group[i]->raw = depth::map_of(result.depth, i, size);
      if (!result.confidence.empty()) group[i]->confidence = depth::map_of(result.confidence, i, size);
      if (!result.sky.empty()) group[i]->sky = depth::map_of(result.sky, i, size);
      group[i]->forward_ms = seconds * 1e3 / static_cast<double>(group.size());
    }
  } catch (const Error& error) {
    const bool memory = error.code() == ErrorCode::kOutOfMemory;
    if (memory) {
      const std::lock_guard lock(mutex_);
      planner_.ran_out_of_memory(size, request.scenes);
    }
    if (memory && group.size() > 1) {
      waiting.insert(waiting.begin(), group.begin(), group.end());
      return;
    }
    if (error.code() != ErrorCode::kPredictionInvalid) throw;
    for (Work* work : group) {
      work->frame.error = Error(error.code(), options_.input + ": frame " +
                                                  std::to_string(work->frame.number) + ": " + error.what());
    }
  }
}

}  // namespace da3::video
