// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <codec/heif_items.hpp>

namespace da3::codec {

/// Sizes that the coded data of an item say themselves: of HEVC those of its `hvcC` property (Rec. ITU-T
/// H.265, 7.3.2.2), of AV1 that of the sequence header that its data begin with (AV1 specification, 5.5).
/// Empty where they say none.
std::vector<HeifSize> coded_sizes(const HeifItem& item);

}  // namespace da3::codec
