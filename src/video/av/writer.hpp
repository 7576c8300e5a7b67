// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <video/seams.hpp>

namespace da3::video::av {

/// The first encoder that opens for `spec` (the named one, if it has a name) and whose stream `container`
/// takes. Throws: Error kEncoderUnavailable.
std::string choose_encoder(const StreamSpec& spec, const std::string& container);

/// A segment with `spec.encoder`, in NUT: it keeps every time base. Equal frames give equal bytes. Throws:
/// Error kEncoderUnavailable, kOutputFailed.
std::unique_ptr<SegmentWriter> open_segment(const std::filesystem::path& file, const StreamSpec& spec);

/// Copies the packets of all segments, and sound, into one file; every frame keeps its time. Throws: Error
/// kOutputFailed, kInternal.
std::vector<std::string> join_segments(const JoinSpec& spec);

}  // namespace da3::video::av
