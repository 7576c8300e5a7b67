// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <da3/device.hpp>
#include <da3/error.hpp>
#include <da3/export.hpp>
#include <da3/image.hpp>
#include <da3/model_spec.hpp>
#include <da3/photo.hpp>

namespace da3 {

struct ModelAccess;

/// How a model is loaded. None or 0 everywhere: what suits the machine.
struct ModelOptions {
  std::optional<DeviceId> device;  ///< None: the best present
  std::optional<Precision> precision;
  std::optional<Attention> attention;
  int threads = 0;  ///< Of one forward on a CPU
  /// Run the code that a file of another network brings; it may read and write any file that this process
  /// may.
  bool trust_code = false;
};

/// What to predict.
struct PredictOptions {
  bool confidence = false;                    ///< Also the network's confidence, where it has one
  bool sky = false;                           ///< Also its sky output, where it has one
  bool at_model_size = false;                 ///< Results at the network's size instead of the photo's
  std::optional<int> process_res;             ///< None: the model's
  std::optional<ResizeMethod> resize_method;  ///< None: the model's; crops need at_model_size
  /// Focal length in pixels of the photo, above 0, or the horizontal field of view in degrees: for models
  /// whose depth_kind is kCanonical, before the photo's own focal length. At most one of them.
  std::optional<double> focal_px;
  std::optional<double> hfov_deg;
  bool raw = false;   ///< The network's own values: kCanonical and kInverse stay what they are
  int max_batch = 0;  ///< Photos per forward; 0: 1 on a CPU, 8 elsewhere
};

/// Maps of one photo, all of one size.
struct Prediction {
  DepthMap depth;  ///< Finite, but for photos in which an inverse model finds nothing near (NaN)
  /// What its numbers mean: kMetric or kRelative, growing with distance; with `raw` the network's kind.
  DepthKind kind = DepthKind::kRelative;
  std::optional<DepthMap> confidence;  ///< Above 1, larger is surer
  std::optional<DepthMap> sky;         ///< 0..1
  /// Focal length in pixels of the photo that made metres of it; none: none was needed.
  std::optional<double> focal_px;
};

/// A depth network on a device. Movable, not copyable; an object that was moved from may only be destroyed.
/// Threads: any member may be called from any thread; forward passes run one at a time. To share one loaded
/// network among several: ModelCache. Several photos of one place: predict_scene in da3/scene.hpp.
class DA3_API Model {
 public:
  /// The model in a file made by `da3 model export` (docs/model-format.md).
  /// Throws: Error kModelNotFound, kModelDamaged, kModelContract, kModelUntrusted, kDeviceUnavailable,
  /// kPrecisionUnsupported, kOutOfMemory.
  static Model load(const std::filesystem::path& file, const ModelOptions& options = {});

  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  /// What the file says about itself. Lifetime: the model's.
  const ModelSpec& spec() const;
  /// What really runs.
  DeviceId device() const;
  Precision precision() const;
  Attention attention() const;

  /// Depth of one photo, upright RGB.
  /// Throws: Error kUsage (empty photo, options), kFocalMissing (a canonical model without any focal length),
  /// kOutOfMemory, kPredictionInvalid.
  Prediction predict(const Photo& photo, const PredictOptions& options = {}) const;
  Prediction predict(const Image& photo, const PredictOptions& options = {}) const;

  /// Depth of several photos of any sizes, in their order; each as if it were alone. Photos of one processed
  /// size share forward passes. Throws: as above.
  std::vector<Prediction> predict(std::span<const Photo> photos, const PredictOptions& options = {}) const;
  std::vector<Prediction> predict(std::span<const Image> photos, const PredictOptions& options = {}) const;

 private:
  friend struct ModelAccess;
  struct State;
  explicit Model(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace da3
