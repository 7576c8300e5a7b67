// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <weights/model_config.hpp>

namespace da3::engine {

/// A backbone with its head, and where they are in the module.
struct Branch {
  std::string prefix;  ///< Of paths: "" for the only one; "da3." and "da3_metric." in a nested network
  const weights::BranchConfig* config = nullptr;  ///< Lifetime: the network's configuration
};

/// The branches of a network, the any-view one first.
inline std::vector<Branch> branches(const weights::NetworkConfig& config) {
  if (!config.metric) return {{"", &config.main}};
  return {{"da3.", &config.main}, {"da3_metric.", &*config.metric}};
}

}  // namespace da3::engine
