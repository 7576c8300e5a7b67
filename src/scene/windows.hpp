// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <scene/scene.hpp>

// More views than one forward pass takes: overlapping windows, each a scene of its own world and unit, joined
// by the pixels of the views that they share.
namespace da3::scene {

/// Views [begin, end).
struct Window {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
  bool operator==(const Window&) const = default;
};

/// Windows of `size` views, neighbours with `overlap` views in common, up to the last view; one window where
/// all views fit. Needs 0 < overlap < size.
std::vector<Window> plan_windows(std::size_t views, std::size_t size, std::size_t overlap);

/// The window in which a view is nearest the middle, the first of equals: its results are taken from there.
std::size_t home_of(std::size_t view, std::span<const Window> windows);

/// Positions of the same pixels in two worlds, and how much each pair counts.
struct SharedPoints {
  std::vector<std::array<double, 3>> first;
  std::vector<std::array<double, 3>> second;
  std::vector<double> weights;
};

/// The pairs of which both worlds are sure. `*_above_one`: confidence - 1 of each pixel. A pair is taken
/// where both exceed a tenth of the smaller one of their medians, with the weight sqrt(product). Empty
/// confidences: all pairs, with equal weights.
SharedPoints sure_pairs(SharedPoints pixels, std::span<const double> first_above_one,
                        std::span<const double> second_above_one);

/// The similarity that brings the second world onto the first one: a weighted fit, then at most five rounds
/// of Huber weights min(1, delta / r). `delta`: in the first world's unit. Needs three pairs.
Similarity joined(const SharedPoints& pairs, double delta);

/// How two neighbours fit together.
struct Seam {
  Similarity first_from_second;
  double residual = 0;  ///< Weighted rms distance of the pairs over the median depth of the shared views
};

/// Joins two windows by the views that they share, which are the same photos in the same order. Throws: Error
/// kSceneAlignment where nothing that both are sure of says how they fit.
Seam seam_of(std::span<const View> first, std::span<const View> second);

/// Brings a view into the similarity's world: its camera and its depth.
void move_view(const Similarity& similarity, View& view);

}  // namespace da3::scene
