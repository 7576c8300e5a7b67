// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <bench/plan/plan.hpp>

namespace da3::suites {

/// Seconds that one run of a case takes about, by its operations and the machine's matrix products of
/// `gflops`. Rough: for --dry-run and the budget of --quick. 0 for models that are not of the catalogue.
double estimate_run_seconds(const bench::PlannedCase& planned, double gflops);

// Parts of which the suites add up theirs, from the settings of a case.

/// One float32 forward pass over `views` views. Not a number for models that are not of the catalogue.
double forward_seconds(const bench::Fields& settings, double gflops, int views = 1);
double photo_pixels(const bench::Fields& settings);
/// Decoding and preprocessing a JPEG.
double read_seconds(const bench::Fields& settings);
/// Writing png16 and vis.
double write_seconds(const bench::Fields& settings);

/// Seconds of one float32 forward pass over `views` views of `size`, from a machine's matrix products of
/// `gflops`. Rough. Null for networks whose configuration this build does not know.
std::optional<double> estimate_forward_seconds(const ModelSpec& model, Size size, int views, double gflops);

}  // namespace da3::suites
