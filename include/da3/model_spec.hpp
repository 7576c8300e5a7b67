// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <da3/device.hpp>
#include <da3/export.hpp>

namespace da3 {

/// What the numbers of a depth map mean.
enum class DepthKind {
  kRelative,   ///< Larger is farther, scale unknown.
  kInverse,    ///< Larger is nearer, scale unknown.
  kMetric,     ///< Metres.
  kCanonical,  ///< metres = value * focal length in processed pixels / 300 (metric models before that is
               ///< applied).
};

/// Where weights come from.
enum class WeightsOrigin { kPublished, kSynthetic, kForeign };

/// How a photo becomes the network's input size (docs/model-format.md, Preprocessing).
enum class ResizeMethod { kUpperBoundResize, kUpperBoundCrop, kLowerBoundResize, kLowerBoundCrop };

DA3_API std::string_view to_string(DepthKind kind);
DA3_API std::string_view to_string(WeightsOrigin origin);
DA3_API std::string_view to_string(ResizeMethod method);
DA3_API DepthKind parse_depth_kind(std::string_view text);
DA3_API WeightsOrigin parse_weights_origin(std::string_view text);
DA3_API ResizeMethod parse_resize_method(std::string_view text);

/// Expected statistics of a model's own output on the recipe picture of `seed` (docs/model-format.md,
/// Self-test).
struct Selftest {
  int height = 0;
  int width = 0;
  std::uint64_t seed = 0;
  double mean = 0;
  double p2 = 0;
  double median = 0;
  double p98 = 0;
  double tolerance = 1e-4;  ///< Relative, fp32.
};

/// What a model file says about itself: the record `da3.json` (docs/model-format.md).
struct ModelSpec {
  std::string name;
  std::string family;
  std::string network_id;           ///< Empty for a network that this build does not know.
  int network_layout = 0;           ///< Version of the tensor layout.
  std::string network_config_json;  ///< The network's configuration, JSON text.
  std::int64_t parameters = 0;      ///< Of the tensors in the file.
  int patch = 14;
  std::array<float, 3> mean{0.485F, 0.456F, 0.406F};
  std::array<float, 3> std{0.229F, 0.224F, 0.225F};
  std::array<float, 2> input_range{0.0F, 1.0F};
  int process_res = 504;
  /// Set for networks that take one size only, (H, W); then process_res and resize_method are not used.
  std::optional<std::array<int, 2>> fixed_size;
  ResizeMethod resize_method = ResizeMethod::kUpperBoundResize;
  DepthKind depth_kind = DepthKind::kRelative;
  std::optional<std::string> depth_unit;  ///< "m" or none.
  bool larger_is_farther = true;
  std::vector<std::string> outputs;  ///< Of depth, depth_conf, sky, depth_raw, pose.
  std::vector<Attention> attention;  ///< Modes that the file offers; empty: fixed.
  WeightsOrigin origin = WeightsOrigin::kForeign;
  std::optional<std::uint64_t> seed;  ///< Of synthetic weights.
  std::string source;                 ///< Such as "depth-anything/DA3-BASE@main/model.safetensors".
  std::string source_sha256;
  std::string sha256;  ///< Of the weight records: the identity of the model.
  /// What manifests know the model by, once it is loaded: `sha256`, and for a file that runs its own code a
  /// hash of weights, code and record.
  std::string identity;
  bool described = false;  ///< By a text that the user gave (--describe), not by a record in its file.
  std::optional<Selftest> selftest;
  std::string licence_spdx;
  std::string licence_attribution;
  std::string da3_version;  ///< That wrote the file.

  bool has_output(std::string_view output) const {
    for (const std::string& each : outputs) {
      if (each == output) return true;
    }
    return false;
  }
};

}  // namespace da3
