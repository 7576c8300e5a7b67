// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <journal/records.hpp>

namespace da3::journal {

/// What a line of a manifest says, as far as going on needs it.
struct LineFacts {
  enum class Type { kOther, kRun, kImage };
  Type type = Type::kOther;
  std::string path;  ///< Byte for byte
  ImageStatus status = ImageStatus::kDone;
  InputIdentity identity;
  std::vector<std::pair<formats::Format, std::string>> outputs;  ///< Byte for byte
};

/// The facts of one line, read without building the whole record; none for text that is no whole JSON object
/// or lacks what its type needs, and
/// for a record whose results lie outside of the folder.
std::optional<LineFacts> scan_line(std::string_view line);

}  // namespace da3::journal
