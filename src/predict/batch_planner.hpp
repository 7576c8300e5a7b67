// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <predict/learned_batches.hpp>
#include <predict/memory_probe.hpp>

#include <da3/image.hpp>

namespace da3::predict {

struct BatchPlannerOptions {
  BatchKey key;                   ///< Of the model; its size is not used
  std::optional<int> fixed;       ///< Always this many images; none: measured
  double memory_fraction = 0.85;  ///< Of the device's free memory that a forward may take
  int ceiling = 64;               ///< Largest batch that is tried
};

/// Decides how many images of one shape go into a forward.
///
/// Each shape starts at 1. A size is tried three times (the first forward of a shape also prepares it and is
/// not timed) and kept if it gives at least 3 % more images a second than the one before; then twice as many
/// are tried, as far as memory allows. So no batch is slower than batch 1, on a CPU as little as on an
/// accelerator. The memory of a size is a line through the peaks measured at the smaller sizes, checked
/// against what is free before each forward. Threads: none; the caller locks.
class BatchPlanner {
 public:
  /// `learned` from an earlier run may hold other models; it is handed back by `learned()`.
  BatchPlanner(BatchPlannerOptions options, MemoryProbe& memory, LearnedBatches learned = {});

  /// Images for the next forward of `size`, at least 1, where the device has `free_bytes`, as `free_bytes()`
  /// says.
  int next_batch(Size size, std::uint64_t free_bytes);
  int next_batch(Size size) { return next_batch(size, free_bytes()); }

  /// What the device has free now; 0 where no decision depends on it. Threads: any, without the caller's
  /// lock.
  std::uint64_t free_bytes() const;

  /// The same without asking for memory: how many images are worth waiting for.
  int wanted_batch(Size size) const;

  /// Tells that a forward succeeded. `ms`: of the whole forward. Returns true if that changed the batch of
  /// this shape.
  bool succeeded(Size size, int batch, double ms, std::optional<std::uint64_t> peak_bytes);

  /// Tells that a forward ran out of memory with `free_bytes` left: this size is not tried again, half of it
  /// is next.
  void ran_out_of_memory(Size size, int batch, std::uint64_t free_bytes);
  void ran_out_of_memory(Size size, int batch) { ran_out_of_memory(size, batch, free_bytes()); }

  /// Memory that a forward would take above the loaded model; none before this shape was ever measured.
  std::optional<std::uint64_t> predicted_bytes(Size size, int batch) const;

  /// What is known of a shape, and of all models.
  ShapeBatches shape(Size size) const;
  const LearnedBatches& learned() const { return learned_; }

 private:
  BatchKey key_of(Size size) const;
  bool fits(const ShapeBatches& shape, int batch, std::uint64_t free_bytes) const;
  void choose_trial(ShapeBatches& shape, int& trial, std::uint64_t free_bytes) const;
  void judge_trial(ShapeBatches& shape, int& trial) const;

  BatchPlannerOptions options_;
  MemoryProbe& memory_;
  LearnedBatches learned_;
  std::map<Size, int> trials_;  ///< Size being tried by this run; 0: none
};

}  // namespace da3::predict
