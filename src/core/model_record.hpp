// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <da3/model_spec.hpp>

namespace da3::core {

/// The start of a hash of what the user's description of a network decides about results, as `--describe` may
/// say it otherwise of the same weights: how its input is made, what its depth is. None for a network with a
/// record in its file.
std::optional<std::string> record_digest(const ModelSpec& model);

}  // namespace da3::core
