// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

namespace da3::image {

/// How photos become network inputs; from the model, options may override.
struct ResizePolicy {
  int process_res = 504;
  int patch = 14;
  ResizeMethod method = ResizeMethod::kUpperBoundResize;
};

/// The size that `preprocess` gives for a picture of `original`. Pure; both sides are multiples of the patch and
/// never below it (where the original network's tool fails).
Size processed_size(Size original, const ResizePolicy& policy);

/// A network input: (H, W, 3) uint8 RGB of processed_size. Area averaging when shrinking, cubic when growing,
/// in the two steps of docs/model-format.md. Throws: Error kUsage for a policy that makes no sense.
Image preprocess(const Image& photo, const ResizePolicy& policy);

/// A network input of exactly `size` (networks with a fixed size).
Image preprocess_fixed(const Image& photo, Size size);

/// One (H, W) float map at another size, bilinear with half-pixel centres. Equal sizes give a copy.
DepthMap resize_map(const DepthMap& map, Size size);

}  // namespace da3::image
