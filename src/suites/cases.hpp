// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <bench/plan/plan.hpp>

// From which the suites make their cases.
namespace da3::suites {

/// Everything a forward pass depends on, but for precision, attention, batch and shape.
struct Base {
  std::string model;
  DeviceId device;
  int threads = 0;
};

/// Every model on every device with every number of threads.
std::vector<Base> bases(const bench::PlanOptions& options, const bench::PlanFacts& facts);

/// The photos asked for, or the usual one.
std::vector<Size> photos_of(const bench::PlanOptions& options);

/// The precisions asked for, each once, or the device's own. None, as an entry: each program's default, where
/// two run side by side.
std::vector<std::optional<Precision>> precisions_of(const bench::PlanOptions& options,
                                                    const bench::PlanFacts& facts, const DeviceId& device);

/// For suites that compare the modes of attention.
inline const std::vector<Attention> kBothModes{Attention::kSdpa, Attention::kManual};

/// The modes of attention asked for, or `standard`; kFixed alone for a model that offers no choice.
std::vector<Attention> modes_of(const bench::PlanOptions& options, const bench::PlanFacts& facts,
                                const std::string& model, const std::vector<Attention>& standard);

/// Settings of a case: model, weights, device, precision, attention.
bench::Fields start(const Base& base, const bench::PlanFacts& facts,
                    const std::optional<Precision>& precision, Attention attention);

/// views (1), height, width: the processed shape.
void set_shape(bench::Fields& settings, Size processed);

/// photo_height, photo_width.
void set_photo(bench::Fields& settings, Size photo);

/// A case of the group's suite, with `threads` as its last setting.
void add(bench::PlannedGroup& group, bench::Fields settings, int threads);

/// A case of the whole program for each size of its photos or frames.
std::vector<bench::PlannedGroup> whole_program(bench::SuiteName suite, const std::vector<Size>& sizes,
                                               const bench::PlanOptions& options,
                                               const bench::PlanFacts& facts);

}  // namespace da3::suites
