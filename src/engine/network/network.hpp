// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <torch/csrc/jit/api/module.h>

#include <da3/device.hpp>

#include <engine/network/lowering.hpp>
#include <engine/network/module_tree.hpp>
#include <engine/parts.hpp>

namespace da3::weights {
struct NetworkConfig;
struct TensorEntry;
}  // namespace da3::weights

// The Depth Anything 3 networks: TorchScript text (models/network/) and tensors made into one module.
namespace da3::engine {

class WinogradPacking;

/// Tensors by path in the module: the published name without its leading "model.", such as
/// "backbone.pretrained.blocks.0.attn.qkv.weight". Also `named_parameters()` of a module and the attributes
/// in a `.pt`.
using TensorMap = std::map<std::string, at::Tensor>;

/// Newest tensor layout that `build_network` takes and that exports write (tensor_layouts.hpp).
inline constexpr int kNewestLayout = 3;
/// The newest one without parts: those for depth and the network's own cameras alone.
inline constexpr int kLayoutWithoutParts = 2;

/// The id of the network that a configuration describes: "da3-anyview" (depth, confidence, cameras),
/// "da3-mono" (depth, sky), or "da3-nested" (both).
std::string network_id(const weights::NetworkConfig& config);

/// True if this build can make the module of network `id` in tensor layout `layout`.
bool knows_network(std::string_view id, int layout);

/// The parts that the networks of this configuration have.
Parts parts_of(const weights::NetworkConfig& config);

/// Those that a file of this layout has: from layout 3 on all of the configuration's.
Parts stored_parts(const weights::NetworkConfig& config, int layout);

/// The wishes, and what depth needs in this network.
Parts needed_parts(std::string_view network_id, Parts wishes);

/// True for the tensors that a module with these parts needs, besides those for depth.
bool is_needed(const weights::TensorEntry& entry, const Parts& parts);

/// The path in the module of a tensor's published name.
std::string module_path(std::string_view published_name);

/// The network, in eval mode, made from the embedded text and `tensors`. In the newest layout they are
/// registered without a copy (views of mapped files are fine: the module keeps them alive); those of older
/// layouts are folded into new ones. Where `tensors` is moved in, what others replace is freed at once. Any
/// device, float32; nothing is moved. Tensors of parts that are not asked for are left out.
///
/// Methods (docs/model-format.md), all on (B, S, 3, H, W) float, normalised, H and W multiples of the patch:
///   forward(image) -> Dict[str, Tensor]; pose(image) (with the camera decoder);
///   features(image) -> Dict[str, Tensor], decode(features, height, width) -> Dict[str, Tensor].
/// What depends on the shape alone comes from tables(height, width) -> Dict[str, Tensor], which the caller
/// may keep:
///   features_with(image, tables), decode_with(features, tables, height, width); pose_with(features, height,
///   width) (with the camera decoder; nested networks give cameras in decode_with), gaussians_of(features,
///   height, width) (with the Gaussian head, of features with "gaussians" in their tables).
/// More is computed where the caller adds entries to the tables; a value of no elements says "yes":
/// "reference", "layerI", "rays" and "gaussians" (with the part; the latter keeps the image for
/// gaussians_of), "camera_tokens" = camera_tokens(cameras (B, S, 9)) (with the camera encoder), for nested
/// networks also "cameras", those. Attribute `use_sdpa: bool` chooses the attention at any time. Threads: the
/// module has no state that a call changes. Throws: Error kModelContract naming a tensor that is missing,
/// is not float32 or has another shape than the configuration says, for a part that is not there, and for a
/// network or layout that this build does not know.
torch::jit::Module build_network(const weights::NetworkConfig& config, int layout, TensorMap tensors,
                                 Attention attention, const Lowering& lowering = {}, const Parts& parts = {});

/// Gives a network made by build_network with these parts the methods for scenes that files of networks that
/// da3 does not know have (docs/model-format.md, Scenes of foreign networks): scene(image, cameras,
/// reference), rays_with, gaussians_with. Nothing for networks without cameras.
void offer_scenes(torch::jit::Module& module, const weights::NetworkConfig& config, const Parts& parts);

/// What build_network does before LibTorch's compiler is needed, so that both can begin at once.
class UncompiledNetwork {
 public:
  /// Arguments and errors as for build_network. Some weights are still being packed on another thread then.
  UncompiledNetwork(const weights::NetworkConfig& config, int layout, TensorMap tensors, Attention attention,
                    const Lowering& lowering, const Parts& parts = {});
  UncompiledNetwork(UncompiledNetwork&&) noexcept;
  ~UncompiledNetwork();

  /// What build_network gives, less the methods that da3 does not call: forward, features, decode,
  /// pose.
  torch::jit::Module compile() &&;

 private:
  std::string id_;
  TensorMap tensors_;
  std::map<std::string, ModulePlan> plans_;
  std::unique_ptr<WinogradPacking> packing_;
};

}  // namespace da3::engine
