// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace da3::run {

/// The order in which people count: runs of digits by their value ("2" before "10"), ASCII letters without
/// case, all other bytes by value; names equal so far by their bytes, so that the order is total.
std::strong_ordering natural_compare(std::string_view a, std::string_view b);

/// FNV-1a, 64 bits: equal on all machines and for ever, so that shards on several machines agree.
std::uint64_t stable_hash(std::string_view bytes);

/// How far a picture format is known by a file's name.
enum class NameKind {
  kPicture,      ///< Of a codec (codec/picture_format.hpp) that this build has
  kUnsupported,  ///< exr, gif, raw files, and of a codec that this build lacks: recognised, fail with how to
                 ///< convert them
  kOther,
};

/// By the extension, without case.
NameKind kind_of_name(std::string_view name);

/// Whether a file of this name yields to a picture of the same stem in another format (heic, heif, avif).
bool yields_to_twin(std::string_view name);

/// `name` without its extension: up to the last dot that is neither first nor last.
std::string_view stem_of_name(std::string_view name);

}  // namespace da3::run
