// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <core/text.hpp>

// Numbers as people read them; sizes, bytes and counts are core's.
namespace da3::commands {

using core::bytes_text;
using core::count_of;
using core::grouped;
using core::joined;
using core::size_text;

/// "0.8 s", "42 s", "12:34", "3:12:34".
std::string seconds_text(double seconds);

/// With three digits: "0.31", "12.5", "240".
std::string rate_text(double per_second);

}  // namespace da3::commands
