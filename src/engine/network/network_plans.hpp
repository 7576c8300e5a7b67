// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include <engine/network/module_tree.hpp>
#include <engine/network/network.hpp>

namespace da3::weights {
struct NetworkConfig;
}

namespace da3::engine {

/// Class name, text and attributes of every module of the network that has code, by path, for the
/// newest tensor layout. The methods are those that da3 calls: tables, features_with, decode_with, pose_with,
/// camera_tokens, gaussians_of.
std::map<std::string, ModulePlan> network_plans(const weights::NetworkConfig& config, const Parts& parts,
                                                bool use_sdpa, const Lowering& lowering);

/// The text of the other methods of the contract: forward, features, decode, pose.
std::string contract_text(const weights::NetworkConfig& config, const Parts& parts);

/// The text of the methods that offer_scenes gives; empty for networks without cameras.
std::string scene_text(const weights::NetworkConfig& config, const Parts& parts);

}  // namespace da3::engine
