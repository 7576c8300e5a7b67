// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <weights/model_config.hpp>

namespace da3::suites {

/// Floating-point operations (a product and a sum are two) of one scene of `views` views of `size`: matrix
/// products and convolutions of what depth needs. Leaves out rays and cameras, norms, activations and
/// resampling; the 1x1 convolution at the end of each fusion counts before its upsampling, where it costs a
/// quarter.
double forward_flops(const weights::NetworkConfig& config, Size size, int views = 1);

/// The same for the model of a file. Null for networks whose configuration this build does not know.
std::optional<double> forward_flops(const ModelSpec& spec, Size size, int views = 1);

/// softmax(q k^T) v alone, of `heads` heads: two matrix products.
double attention_core_flops(std::int64_t tokens, int heads, int head_dim);

/// A whole attention layer: the core, and the projections before and after it.
double attention_layer_flops(std::int64_t tokens, int heads, int head_dim);

/// Tokens of a picture: a patch each, and the class token.
std::int64_t num_tokens(Size size, int patch = weights::kPatchSize);

}  // namespace da3::suites
