// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include <video/seams.hpp>

namespace da3::video::av {

/// Of segments.
inline constexpr const char* kSegmentContainer = "nut";

/// A segment with `spec.encoder`, in NUT: it keeps every time base. Equal frames give equal bytes. Throws:
/// Error kEncoderUnavailable, kOutputFailed.
std::unique_ptr<SegmentWriter> open_segment(const std::filesystem::path& file, const StreamSpec& spec);

}  // namespace da3::video::av
