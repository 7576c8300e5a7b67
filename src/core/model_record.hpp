// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <da3/model_spec.hpp>

namespace da3::core {

/// What the model is known by: its identity, where it was not loaded from a file the hash of its weights, or
/// its name.
std::string known_by(const ModelSpec& model);

/// The start of a hash of what a record decides about results of the same weights: how the network's input is
/// made, what its depth is.
std::string settings_digest(const ModelSpec& model);

/// settings_digest() of what the user's description says (`--describe`). None for a network with a record in
/// its file.
std::optional<std::string> record_digest(const ModelSpec& model);

}  // namespace da3::core
