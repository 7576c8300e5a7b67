// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <da3/c.h>
#include <da3/model.hpp>
#include <da3/photo.hpp>
#include <da3/scene.hpp>

// What the handles of the C interface are.
struct da3_photo {
  da3::Photo photo;
};

struct da3_model {
  da3_model(da3::Model loaded, int threads_asked)
      : model(std::move(loaded)), threads(threads_asked), device(to_string(model.device())) {}

  da3::Model model;
  int threads;         ///< As asked for when it was loaded
  std::string device;  ///< Its name
};

struct da3_predictions {
  std::vector<da3::Prediction> photos;
};

struct da3_scene {
  da3::Scene scene;
};

namespace da3::api::c {

/// A caller's picture as a photo; its pixels are copied. Throws: Error kUsage.
Photo photo_of(const da3_image& image);
/// The same for an array of them.
std::vector<Photo> copies_of(const da3_image* images, std::size_t count);

}  // namespace da3::api::c
