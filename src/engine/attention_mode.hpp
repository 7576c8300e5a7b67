// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <torch/csrc/jit/api/module.h>

#include <da3/device.hpp>

namespace da3::engine {

/// The faster mode where nobody asks for one: what measurements in docs/lab/attention.md say.
Attention default_attention(const DeviceId& device);

/// Makes the module compute attention as wanted and returns what really runs: through its attribute
/// `use_sdpa`, else by rewriting its calls of scaled_dot_product_attention, else kFixed. To be called before
/// the first forward. Without a wish the module's own calls are left as they are where it has no `use_sdpa`.
/// Throws: Error kPrecisionUnsupported for a wish that this module cannot fulfil.
Attention set_attention(torch::jit::Module& module, std::optional<Attention> wanted, Attention otherwise,
                        const std::string& subject);

}  // namespace da3::engine
