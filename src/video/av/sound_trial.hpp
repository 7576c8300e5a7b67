// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <video/seams.hpp>

namespace da3::video::av {

/// The warning that files of `container` cannot hold a sound: its first packets are written to such a file in
/// memory. None if they can, or if there is no sound. Throws: as open_input.
std::optional<std::string> refused_sound(const SoundSource& source, const std::string& container);

/// The same about sound that was refused later, for FFmpeg's reason `error`.
std::string sound_dropped(const SoundSource& source, const std::string& container, int error);

}  // namespace da3::video::av
