// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <depth/focal.hpp>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <image/intrinsics.hpp>
#include <image/preprocess.hpp>

// The way of one picture as values: photo, network input, network output, map of the photo. The program, the
// library and the dataset benchmark all go this way.
namespace da3::depth {

/// What may be asked for.
struct WayOptions {
  std::optional<int> process_res;             ///< None: the model's
  std::optional<ResizeMethod> resize_method;  ///< None: the model's; crops need at_model_size
  std::optional<double> focal_px;             ///< In pixels of the photo; for metric models
  std::optional<double> hfov_deg;             ///< Horizontal field of view instead; for metric models
  bool at_model_size = false;                 ///< Results at the network's size instead of the photo's
  bool raw = false;                           ///< Canonical and inverse values stay as the network gives them
};

/// What model and options decide about every photo.
struct Way {
  image::ResizePolicy policy;
  std::optional<Size> fixed_size;  ///< For networks that take one size only; then `policy` is not used
  DepthKind model_kind = DepthKind::kRelative;
  DepthKind result_kind = DepthKind::kRelative;
  std::optional<double> focal_px;
  std::optional<double> hfov_deg;
  bool at_model_size = false;

  bool needs_focal() const {
    return model_kind == DepthKind::kCanonical && result_kind == DepthKind::kMetric;
  }
};

/// The way that fits a model. Throws: Error kUsage with what cannot be used and what can.
Way make_way(const ModelSpec& model, const WayOptions& options);

/// The network's input size for a photo of `original`. Throws: as image::processed_size.
Size processed_size(const Way& way, Size original);
/// Processed pixels per pixel of the photo on each axis. Throws: as image::processed_size.
image::Scale processed_scale(const Way& way, Size original);
/// The size of the results of a photo of `original`.
Size result_size(const Way& way, Size original);

/// (H, W, 3) uint8 RGB for the network. Throws: Error kUsage (a photo without pixels or with another number
/// of bytes than its size says), and as image::preprocess.
Image prepare(const Way& way, const Image& photo);

/// Map `index` of a network's output (N, H, W).
DepthMap map_of(const std::vector<float>& values, std::size_t index, Size size);

/// The camera of a photo of `original`, in pixels of the photo, in pixels of the results.
image::Intrinsics camera_of_result(const Way& way, const image::Intrinsics& camera, Size original);

/// A network's map of any kind at the size of the results; its values are interpolated, not scaled. `room`:
/// as of image::resize_map.
DepthMap resize_result(const Way& way, DepthMap map, Size original, std::vector<float> room = {});

/// Depth as the results hold it, of `way.result_kind`, from a network's depth (H, W) of a photo of
/// `original`: canonical values become metres, then the map is resized, then inverse depth becomes depth.
/// `focal` is needed where `way.needs_focal()`; `room`: as of image::resize_map. Throws: Error kFocalMissing.
DepthMap restore(const Way& way, DepthMap depth, Size original, const std::optional<Focal>& focal,
                 std::vector<float> room = {});

}  // namespace da3::depth
