// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <video/av/handles.hpp>
#include <video/seams.hpp>

namespace da3::video::av {

/// An opened encoder; none if it does not open here. One that does not know the time base of `spec` counts
/// frames in its own.
CodecPtr open_encoder(const StreamSpec& spec, const std::string& name);

/// The first encoder that opens and that `container` takes. Throws: Error kEncoderUnavailable.
std::string choose_encoder(const StreamSpec& spec, const std::string& container);

/// 4:2:0 needs even sides: the last row or column is shown twice.
Size even(Size size);

}  // namespace da3::video::av
