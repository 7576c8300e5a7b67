// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <video/av/handles.hpp>

namespace da3::video::av {

/// How a container keeps the times of sound whose decoder begins with samples that nobody is to hear
/// (`initial_padding`), which lie before the sound's beginning.
struct DelayedTimes {
  double added_s = 0;     ///< To every time that is written, to be read again as it was
  double earliest_s = 0;  ///< Of a packet as it is read; an earlier one would move everything, frames too
};

/// Makes sound that begins `lead_s` before the video sound whose decoder leaves that out: the only way to
/// times below 0 of Matroska.
void delay_beginning(AVCodecParameters& sound, double lead_s);

/// As two files of `container` in memory tell: releases of FFmpeg write the times of Matroska with the delay,
/// or without it.
DelayedTimes delayed_times(const AVCodecParameters& sound, const std::string& container);

}  // namespace da3::video::av
