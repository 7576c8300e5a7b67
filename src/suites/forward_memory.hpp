// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <weights/model_config.hpp>

namespace da3::suites {

/// Bytes of tensors at the peak of a float32 forward of one scene of `views` views of `size`, above the
/// weights: an estimate from the largest maps that live at a time, for people. With fused attention, and a
/// head that decodes view by view, as on a CPU; attention written out needs heads * tokens^2 floats more.
/// What a run may take is measured instead (infer/batch_planner).
std::uint64_t estimate_forward_bytes(const weights::NetworkConfig& config, Size size, int views = 1);

/// The same for the model of a file. Null for networks whose configuration this build does not know.
std::optional<std::uint64_t> estimate_forward_bytes(const ModelSpec& spec, Size size, int views = 1);

}  // namespace da3::suites
