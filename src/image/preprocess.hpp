// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

namespace da3::image {

/// How photos become network inputs; from the model, options may override.
struct ResizePolicy {
  int process_res = 504;
  int patch = 14;
  ResizeMethod method = ResizeMethod::kUpperBoundResize;
};

/// The size that `preprocess` gives for a picture of `original`. Pure; both sides are multiples of the patch
/// and never below it (where the original network's tool fails). Throws: Error kUsage for a policy that makes
/// no sense, kImageTooLarge for a very narrow picture under a lower bound.
Size processed_size(Size original, const ResizePolicy& policy);

/// Processed pixels per pixel of the photo.
struct Scale {
  double y = 1;
  double x = 1;
};

/// How much `preprocess` shrinks or enlarges a picture of `original` on each axis; what a crop cuts off does
/// not count. Focal lengths scale by it. Throws: as processed_size.
Scale processed_scale(Size original, const ResizePolicy& policy);

/// A network input: (H, W, 3) uint8 RGB of processed_size. Area averaging when shrinking, cubic when growing,
/// in the two steps of docs/model-format.md, with the same bits whatever the machine's number of threads.
/// Threads: safe from any number; each call works on its own thread alone. Throws: as processed_size.
Image preprocess(const Image& photo, const ResizePolicy& policy);

/// The same where the size that it gave is known, whatever the patch was. Throws: as preprocess, Error kUsage
/// for an empty size.
Image preprocess_to(const Image& photo, const ResizePolicy& policy, Size final_size);

/// A network input of exactly `size` (networks with a fixed size): cubic if a side grows, else area
/// averaging. Throws: Error kUsage for an empty picture or size.
Image preprocess_fixed(const Image& photo, Size size);

/// One (H, W) float map at another size: bilinear interpolation of the four values around each new pixel's
/// centre (half-pixel centres, edge values kept). Shrinking samples in the same way, without averaging over
/// an area, so that no more than direct neighbours are mixed across an edge. Equal sizes give a copy. `room`:
/// values of no use, of a map of `size` best, whose memory the result takes: fresh memory costs four times
/// what resizing does. Throws: Error kUsage for an empty map or size.
DepthMap resize_map(const DepthMap& map, Size size, std::vector<float> room = {});

}  // namespace da3::image
