// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include <da3/image.hpp>

namespace da3::benchmarks {

/// A picture that compresses about as a photo does: slopes, edges and grain, the same everywhere.
Image drawn_photo(Size size);

/// A depth map of slopes and steps with a little noise, 1 to 11.
DepthMap drawn_depth(Size size);

/// Adds the photo sizes 640x480, 1920x1080 and 3840x2160 as arguments {height, width}.
void photo_sizes(benchmark::internal::Benchmark* benchmark);

/// The size that the arguments of `state` name.
Size size_of(const benchmark::State& state);

/// Reports megapixels a second.
void count_pixels(benchmark::State& state);

}  // namespace da3::benchmarks
