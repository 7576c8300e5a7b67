// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <da3/device.hpp>
#include <da3/image.hpp>
#include <da3/model_spec.hpp>

namespace da3::predict {

/// What to compute besides depth.
struct Wanted {
  bool confidence = false;
  bool sky = false;
  bool pose = false;  ///< Cameras of the views of each scene.
  bool rays = false;  ///< Of each view, from which a camera can be fitted
  bool gaussians = false;
  std::vector<int> layers = {};  ///< Blocks of the backbone whose outputs are wanted, from 0
};

/// Numbers of a given camera in a request: centre (3), quaternion x, y, z, w of world_from_camera (w >= 0),
/// vertical and horizontal field of view in radians. The world is the first view's camera.
inline constexpr int kCameraNumbers = 9;
/// Numbers of a ray: its direction (3) and its origin (3) in the world, and its confidence, above 1.
inline constexpr int kRayNumbers = 7;
/// Fewer of a view are no camera.
inline constexpr int kFewestRays = 8;
/// Numbers of a pixel's Gaussian as the network gives them, the last one its opacity, 0..1.
inline constexpr int kGaussianNumbers = 38;

/// Which view of a scene of three and more the network takes as its reference: a view's number from 0, or one
/// of these rules of the original.
inline constexpr int kSaddleBalanced = -1;
inline constexpr int kSaddleSimRange = -2;

/// B independent scenes of S views of one size. Shape: (B, S, H, W, 3) uint8 RGB, not normalised.
struct Request {
  int scenes = 1;  ///< B
  int views = 1;   ///< S
  Size size;       ///< (H, W), multiples of the model's patch
  /// B * S pictures, scene by scene, each (H, W, 3) contiguous. Lifetime: the call.
  std::vector<std::span<const std::uint8_t>> pictures;
  Wanted wanted;
  /// Set: the reference view is chosen so and told. None: the network's own way, which is kSaddleBalanced.
  std::optional<int> reference;
  /// Given cameras, which the network takes into account: (B, S, kCameraNumbers), or empty. The first view of
  /// each scene is its reference then.
  std::vector<float> cameras;
};

/// Milliseconds per phase; null where the model cannot tell.
struct PhaseTimes {
  std::optional<double> upload_ms;
  std::optional<double> normalise_ms;
  std::optional<double> backbone_ms;
  std::optional<double> head_ms;
  std::optional<double> download_ms;
  double total_ms = 0;
};

/// Predictions for a request, float32, contiguous. Depth as `ModelSpec::depth_kind` says, every value finite.
struct Result {
  Size size;
  std::vector<float> depth;       ///< (B, S, H, W)
  std::vector<float> confidence;  ///< (B, S, H, W), above 1; empty if not wanted
  std::vector<float> sky;         ///< (B, S, H, W), 0..1; empty if not wanted
  std::vector<float> extrinsics;  ///< (B, S, 3, 4) camera_from_world; empty if not wanted
  std::vector<float> intrinsics;  ///< (B, S, 3, 3) in pixels of (H, W); empty if not wanted
  std::vector<int> references;    ///< (B) the chosen view; empty unless asked for, and below three views
  /// (B, S, rays_size, kRayNumbers), in the unit of depth / scales; empty if not wanted
  std::vector<float> rays;
  Size rays_size;
  std::vector<float> gaussians;  ///< (B, S, H, W, kGaussianNumbers); empty if not wanted
  /// (B) Of a network that brings its result to metres at its end, what it multiplied depth and translations
  /// by; empty otherwise, and unless rays or Gaussians are wanted.
  std::vector<float> scales;
  std::vector<float> relative_depth;  ///< (B, S, H, W) depth before that; with Gaussians only
  /// (B, S) What each view adds to `scales`, in proportion to its focal length, and (B) the depth of sky, in
  /// metres, where that is below 200; with rays only, of which other focal lengths may follow.
  std::vector<float> scale_shares;
  std::vector<float> far;
  /// Of each wanted layer (B, S, H / patch, W / patch, C), after the backbone's last norm.
  std::vector<std::vector<float>> layers;
  PhaseTimes times;
  std::optional<std::uint64_t> peak_bytes;  ///< Highest tensor memory of this call above the loaded model
};

/// A loaded model on a device.
/// Threads: `predict` may be called from several threads.
class DepthModel {
 public:
  virtual ~DepthModel() = default;

  virtual const ModelSpec& spec() const = 0;
  virtual DeviceId device() const = 0;
  virtual Precision precision() const = 0;
  /// The mode that really runs.
  virtual Attention attention() const = 0;

  /// True if requests may have cameras.
  virtual bool takes_cameras() const { return false; }
  /// True if requests may say which view is the reference, and ask for layers.
  virtual bool takes_reference() const { return !spec().network_id.empty(); }

  /// Throws: Error kOutOfMemory (nothing is leaked, a smaller batch may succeed), kPredictionInvalid, kUsage
  /// for a shape that the model cannot take, and for an output or a part that it does not have.
  virtual Result predict(const Request& request) = 0;

  /// Returns when everything queued on the device is done.
  virtual void synchronize() = 0;

  /// How many calls in flight pay: 1 on a CPU, 2 on an accelerator (copies overlap compute).
  virtual int concurrency() const = 0;
};

}  // namespace da3::predict
