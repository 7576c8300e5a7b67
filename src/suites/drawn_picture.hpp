// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <predict/depth_model.hpp>

#include <da3/image.hpp>

namespace da3::suites {

/// A picture that compresses and resizes like a photo does: slopes, edges and grain, the same for a seed
/// everywhere.
Image drawn_picture(Size size, std::uint32_t seed);

/// Pictures of one size and the request for one forward of them. Lifetime: the request looks into `pictures`.
class DrawnBatch {
 public:
  DrawnBatch(Size size, int count);
  predict::Request request() const;

 private:
  std::vector<Image> pictures_;
};

}  // namespace da3::suites
