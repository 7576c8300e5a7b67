// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>

#include <predict/batch_planner.hpp>

namespace da3::predict {
namespace {

// A larger batch must give this many times the images a second.
constexpr double kGain = 1.03;
// Forward passes of a size before it is judged: one to prepare, two timed, of which the better one counts.
constexpr int kForwards = 3;
// Without measured peaks an accelerator may still report that memory ran out, so that a few sizes can be
// tried. A CPU cannot: the kernel would end the process.
constexpr int kUnmeasuredCeiling = 8;
// A size that ran out of memory is tried again with this many times the memory that was free then.
constexpr double kMoreMemory = 1.25;

double images_per_ms(const ShapeBatches& shape, int batch) {
  const auto sample = shape.samples.find(batch);
  if (sample == shape.samples.end() || sample->second.best_ms <= 0) return 0;
  return batch / sample->second.best_ms;
}

bool is_measured(const ShapeBatches& shape, int batch) {
  const auto sample = shape.samples.find(batch);
  return sample != shape.samples.end() && sample->second.forwards >= kForwards;
}

/// peak(B) = fixed + slope * B through the smallest and the largest measured size; from one size alone, twice
/// the images take twice the memory (too much, never too little).
std::optional<std::uint64_t> predict_peak(const ShapeBatches& shape, int batch) {
  std::vector<std::pair<double, double>> points;
  for (const auto& [size, sample] : shape.samples) {
    if (sample.peak_bytes) points.emplace_back(size, static_cast<double>(*sample.peak_bytes));
  }
  if (points.empty()) return std::nullopt;
  const auto [low, low_peak] = points.front();
  const auto [high, high_peak] = points.back();
  double slope = low_peak / low;
  if (points.size() > 1) slope = std::max(0.0, (high_peak - low_peak) / (high - low));
  return static_cast<std::uint64_t>(std::max(0.0, std::ceil(high_peak + slope * (batch - high))));
}

}  // namespace

BatchPlanner::BatchPlanner(BatchPlannerOptions options, MemoryProbe& memory, LearnedBatches learned)
    : options_(std::move(options)), memory_(memory), learned_(std::move(learned)) {}

BatchKey BatchPlanner::key_of(Size size) const {
  BatchKey key = options_.key;
  key.size = size;
  return key;
}

bool BatchPlanner::fits(const ShapeBatches& shape, int batch, std::uint64_t free_bytes) const {
  if (shape.failed_batch > 0 && batch >= shape.failed_batch &&
      static_cast<double>(free_bytes) < kMoreMemory * static_cast<double>(shape.failed_free_bytes)) {
    return false;
  }
  const std::optional<std::uint64_t> peak = predict_peak(shape, batch);
  if (!peak) return options_.key.device.kind != DeviceKind::kCpu && batch <= kUnmeasuredCeiling;
  return static_cast<double>(*peak) <= options_.memory_fraction * static_cast<double>(free_bytes);
}

void BatchPlanner::choose_trial(ShapeBatches& shape, int& trial, std::uint64_t free_bytes) const {
  if (shape.limit == BatchLimit::kGain || shape.limit == BatchLimit::kCeiling) return;
  if (!is_measured(shape, shape.batch)) return;
  int next = std::min(2 * shape.batch, options_.ceiling);
  while (next > shape.batch && !fits(shape, next, free_bytes)) --next;
  if (next > shape.batch) {
    trial = next;
    shape.limit = BatchLimit::kNone;
  } else {
    shape.limit = shape.batch >= options_.ceiling ? BatchLimit::kCeiling : BatchLimit::kMemory;
  }
}

void BatchPlanner::judge_trial(ShapeBatches& shape, int& trial) const {
  if (trial == 0 || !is_measured(shape, trial)) return;
  if (images_per_ms(shape, trial) >= kGain * images_per_ms(shape, shape.batch)) {
    shape.batch = trial;
  } else {
    shape.limit = BatchLimit::kGain;
  }
  trial = 0;
}

int BatchPlanner::wanted_batch(Size size) const {
  const auto known = learned_.find(key_of(size));
  if (options_.fixed) {
    const int failed = known == learned_.end() ? 0 : known->second.failed_batch;
    return failed > 0 && *options_.fixed >= failed ? std::max(1, known->second.batch) : *options_.fixed;
  }
  const auto trial = trials_.find(size);
  if (trial != trials_.end() && trial->second > 0) return trial->second;
  return known == learned_.end() ? 1 : std::min(known->second.batch, options_.ceiling);
}

std::uint64_t BatchPlanner::free_bytes() const {
  return options_.fixed ? 0 : memory_.device(options_.key.device).free_bytes;
}

int BatchPlanner::next_batch(Size size, std::uint64_t free_bytes) {
  if (options_.fixed) return wanted_batch(size);
  ShapeBatches& shape = learned_[key_of(size)];
  int& trial = trials_[size];
  if (trial == 0) choose_trial(shape, trial, free_bytes);
  // Memory may have gone since the size was chosen; what is known stays, for when it comes back.
  int batch = std::min(trial > 0 ? trial : shape.batch, options_.ceiling);
  while (batch > 1 && !fits(shape, batch, free_bytes)) --batch;
  return batch;
}

bool BatchPlanner::succeeded(Size size, int batch, double ms, std::optional<std::uint64_t> peak_bytes) {
  ShapeBatches& shape = learned_[key_of(size)];
  BatchSample& sample = shape.samples[batch];
  if (peak_bytes) sample.peak_bytes = std::max(sample.peak_bytes.value_or(0), *peak_bytes);
  if (sample.forwards > 0 && (sample.best_ms <= 0 || ms < sample.best_ms)) sample.best_ms = ms;
  ++sample.forwards;
  if (options_.fixed) {
    if (shape.failed_batch == 0) {
      shape.batch = *options_.fixed;
      shape.limit = BatchLimit::kFixed;
    }
    return false;
  }
  const int before = shape.batch;
  judge_trial(shape, trials_[size]);
  return shape.batch != before;
}

void BatchPlanner::ran_out_of_memory(Size size, int batch, std::uint64_t free_bytes) {
  ShapeBatches& shape = learned_[key_of(size)];
  trials_[size] = 0;
  if (batch <= 1) return;
  shape.failed_batch = shape.failed_batch == 0 ? batch : std::min(shape.failed_batch, batch);
  shape.failed_free_bytes = free_bytes;
  shape.batch = options_.fixed ? batch / 2 : std::max(1, std::min(shape.batch, batch / 2));
  shape.limit = BatchLimit::kMemory;
}

std::optional<std::uint64_t> BatchPlanner::predicted_bytes(Size size, int batch) const {
  const auto known = learned_.find(key_of(size));
  return known == learned_.end() ? std::nullopt : predict_peak(known->second, batch);
}

ShapeBatches BatchPlanner::shape(Size size) const {
  const auto known = learned_.find(key_of(size));
  return known == learned_.end() ? ShapeBatches{} : known->second;
}

}  // namespace da3::predict
